import type { VariantRow } from '../../store/lab-state';
import { shownColumns } from '../variants/columns';

/** Figures of the selected variants, one column each. */
export function MetricsSideBySide({ rows }: { rows: readonly VariantRow[] }) {
  const columns = shownColumns(rows).filter(({ id }) => id !== 'name');
  return (
    <div className="table-scroll">
      <table>
        <thead>
          <tr>
            <th scope="col" className="text">
              Figure
            </th>
            {rows.map(({ key, name }) => (
              <th key={key} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {columns.map((column) => (
            <tr key={column.id}>
              <th scope="row" className="text" title={column.hint}>
                {column.title}
              </th>
              {rows.map((row) => (
                <td key={row.key} className="number">
                  {column.format(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

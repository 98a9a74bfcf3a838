import { useState } from 'react';
import type { WeightHistograms } from '../../lab/protocol';
import type { VariantRow } from '../../store/lab-state';
import { notify } from '../../store/lab-store';
import { bringHere } from '../../store/variant-actions';
import { formatBytes, formatPercent } from '../format';
import { useLabContext } from '../lab-context';
import { HistogramPair } from './HistogramPair';
import { layerGrid } from '../layer-grid';

/** Relative error of each matrix, block by kind; a cell shows the weights before and after. */
export function ErrorHeatMap({ rows }: { rows: readonly VariantRow[] }) {
  const context = useLabContext();
  const [shown, setShown] = useState<{ row: string; histograms: WeightHistograms }>();
  const changed = rows.filter(({ layers }) => layers.length > 0);
  if (changed.length === 0)
    return <p className="hint">Choose a variant other than the base to see its layers.</p>;

  const show = async (row: VariantRow, module: string) => {
    try {
      if (!(await bringHere(context, [row.key]))) return;
      const id = context.store.getState().rows.find(({ key }) => key === row.key)!.id!;
      setShown({ row: row.name, histograms: await context.lab.histograms(id, module) });
    } catch (error) {
      notify(context, 'error', (error as Error).message);
    }
  };

  return (
    <>
      <div className="columns">
        {changed.map((row) => (
          <HeatMap key={row.key} row={row} onCell={(module) => void show(row, module)} />
        ))}
      </div>
      {shown && (
        <HistogramPair title={`${shown.row}, ${shown.histograms.name}`} histograms={shown.histograms} />
      )}
    </>
  );
}

/** Between 0 and 1; the root spreads the small errors, among which the choice is made. */
function heat(relativeError: number): number {
  return Math.sqrt(Math.min(1, relativeError));
}

function HeatMap({ row, onCell }: { row: VariantRow; onCell(module: string): void }) {
  const { kinds, blocks } = layerGrid(row.layers);
  return (
    <div className="table-scroll">
      <table className="heat" aria-label={`Relative error of each matrix of ${row.name}`}>
        <caption>{row.name}: ‖W − Ŵ‖ / ‖W‖</caption>
        <thead>
          <tr>
            <th scope="col">Block</th>
            {kinds.map((kind) => (
              <th key={kind} scope="col">
                {kind}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {blocks.map(({ block, cells }) => (
            <tr key={block}>
              <th scope="row">{block}</th>
              {cells.map((layer, index) => (
                <td key={kinds[index]}>
                  {layer && (
                    <button
                      type="button"
                      className="cell"
                      style={{ '--heat': heat(layer.relativeError) } as React.CSSProperties}
                      title={`${layer.name}: ${formatBytes(layer.storedBytes)}, ${layer.form}. Click for its weights.`}
                      onClick={() => onCell(layer.name)}
                    >
                      {formatPercent(layer.relativeError)}
                    </button>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

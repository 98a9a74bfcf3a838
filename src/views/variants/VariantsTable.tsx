import { useMemo, useState } from 'react';
import { BASE_KEY, type VariantRow } from '../../store/lab-state';
import { makeOnDevice, discard, rename, toggleSelected } from '../../store/variant-actions';
import { notify } from '../../store/lab-store';
import { VariantMark } from '../chart/VariantMark';
import { ExportMenu } from '../export/ExportMenu';
import { formatDate } from '../format';
import { recipeInWords } from '../recipe/recipe-in-words';
import { useLab, useLabContext } from '../lab-context';
import type { Column } from './column';
import { shownColumns, sortRows, type Sorting } from './columns';
import { tableAsText, type TableFormat } from './copy-table';

/** Comparison as a table that sorts, selects and copies. */
export function VariantsTable() {
  const rows = useLab((state) => state.rows);
  const [sorting, setSorting] = useState<Sorting>({ column: '', descending: false });
  const columns = useMemo(() => shownColumns(rows).filter(({ isDetail }) => !isDetail), [rows]);
  const sorted = useMemo(() => sortRows(rows, sorting), [rows, sorting]);
  if (rows.length === 0) return <p className="hint">Load a model to begin.</p>;
  const protocols = protocolsOf(rows);
  return (
    <section className="card" aria-labelledby="variants-title">
      <div className="row wrap">
        <h2 id="variants-title">Variants</h2>
        <RecordedMark />
        <span className="spacer" />
        <CopyButtons rows={sorted} />
      </div>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Table of variants">
        <table>
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">Compare</span>
              </th>
              {columns.map((column) => (
                <ColumnHead key={column.id} column={column} sorting={sorting} onSort={setSorting} />
              ))}
              <th scope="col">
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((row) => (
              <Row key={row.key} row={row} index={rows.indexOf(row)} columns={columns} />
            ))}
          </tbody>
        </table>
      </div>
      {protocols.length > 0 && <p className="hint">Measured on: {protocols.join('; ')}.</p>}
    </section>
  );
}

function ColumnHead({
  column,
  sorting,
  onSort,
}: {
  column: Column;
  sorting: Sorting;
  onSort(sorting: Sorting): void;
}) {
  const active = sorting.column === column.id;
  const direction = sorting.descending ? 'descending' : 'ascending';
  return (
    <th scope="col" aria-sort={active ? direction : 'none'} className={column.isText ? 'text' : ''}>
      <button
        type="button"
        className="quiet"
        title={column.hint}
        onClick={() => onSort({ column: column.id, descending: active && !sorting.descending })}
      >
        {column.title}
        {active && (sorting.descending ? ' ↓' : ' ↑')}
      </button>
    </th>
  );
}

function Row({ row, index, columns }: { row: VariantRow; index: number; columns: readonly Column[] }) {
  const context = useLabContext();
  const selected = useLab((state) => state.selected.includes(row.key));
  const busy = useLab((state) => state.operation !== undefined);
  return (
    <tr className={selected ? 'selected' : ''}>
      <td>
        <label className="mark">
          <input
            type="checkbox"
            checked={selected}
            aria-label={`Compare ${row.name}`}
            onChange={() => toggleSelected(context, row.key)}
          />
          <VariantMark index={index} />
        </label>
      </td>
      {columns.map((column) =>
        column.id === 'name' ? (
          <th key={column.id} scope="row" className="text">
            {row.key === BASE_KEY ? (
              row.name
            ) : (
              <input
                className="rename"
                defaultValue={row.name}
                aria-label={`Name of ${row.name}`}
                title={row.name}
                onBlur={(event) => rename(context, row.key, event.target.value)}
              />
            )}
            <small className="note">{recipeInWords(row.recipe)}</small>
          </th>
        ) : (
          <td key={column.id} className="number" title={column.format(row)}>
            {column.brief?.(row) ?? column.format(row)}
            {column.notes?.(row).map((note) => (
              <small key={note} className="note">
                {note}
              </small>
            ))}
          </td>
        ),
      )}
      <td className="actions">
        {row.id === undefined ? (
          <button
            type="button"
            disabled={busy}
            title="Recorded figures; make this variant on your device to measure, compare and export it."
            onClick={() => void makeOnDevice(context, [row.key])}
          >
            Make here
          </button>
        ) : (
          <ExportMenu row={row} />
        )}
        {row.key !== BASE_KEY && (
          <button
            type="button"
            className="quiet"
            disabled={busy}
            aria-label={`Discard ${row.name}`}
            onClick={() => void discard(context, row.key)}
          >
            ×
          </button>
        )}
      </td>
    </tr>
  );
}

function RecordedMark() {
  const recording = useLab((state) => state.recording);
  if (!recording) return null;
  const { device, recordedAt } = recording;
  return (
    <p className="recorded" role="note">
      recorded on {formatDate(recordedAt)}, {device.description || device.architecture}, {device.runtime};
      measure to see this device
    </p>
  );
}

function CopyButtons({ rows }: { rows: readonly VariantRow[] }) {
  const context = useLabContext();
  const copy = async (format: TableFormat) => {
    try {
      await navigator.clipboard.writeText(tableAsText(rows, format));
      notify(context, 'done', `The table is on the clipboard as ${format}.`);
    } catch {
      notify(context, 'error', 'Access to the clipboard was denied; allow it for this page and try again.');
    }
  };
  return (
    <div className="row" role="group" aria-label="Copy the table">
      <span className="hint">Copy as</span>
      {(['Markdown', 'CSV', 'JSON'] as const).map((format) => (
        <button key={format} type="button" className="quiet" onClick={() => void copy(format)}>
          {format}
        </button>
      ))}
      <ExportMenu />
    </div>
  );
}

function protocolsOf(rows: readonly VariantRow[]): string[] {
  const protocols = rows.flatMap(({ metrics }) =>
    Object.entries(metrics)
      .filter(([name]) => name.endsWith('Protocol'))
      .map(([, text]) => String(text)),
  );
  return [...new Set([...protocols, ...latencyProtocol(rows)])];
}

function latencyProtocol(rows: readonly VariantRow[]): string[] {
  const latency = rows.find((row) => row.latency)?.latency;
  if (!latency) return [];
  const { prefillTokens, decodeTokens, prefillTokensPerSecond, prefillMilliseconds } = latency;
  const tokens = `${prefillTokens} prefill${decodeTokens ? ` and ${decodeTokens} decode` : ''} tokens`;
  const durations = prefillMilliseconds
    ? `, ms of the whole prompt${decodeTokens ? ' and of one token' : ''}`
    : '';
  return [`latency of ${tokens}, ${prefillTokensPerSecond.runs} runs in turn${durations}`];
}

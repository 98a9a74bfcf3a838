import type { VariantRow } from '../../store/lab-state';
import { rowToReport } from '../../store/rows';
import { shownColumns } from './columns';

export type TableFormat = 'Markdown' | 'CSV' | 'JSON';

/** Table as text: Markdown and CSV as shown (CSV with plain numbers), JSON as in a report. */
export function tableAsText(rows: readonly VariantRow[], format: TableFormat): string {
  if (format === 'JSON') return JSON.stringify(rows.map(rowToReport), undefined, 2);
  const columns = shownColumns(rows);
  if (format === 'CSV') {
    const lines = rows.map((row) => columns.map((column) => csvCell(column.value(row))).join(','));
    return [columns.map(({ id }) => id).join(','), ...lines].join('\n');
  }
  const cells = rows.map((row) => columns.map((column) => column.format(row).replaceAll('|', '\\|')));
  const rule = columns.map(({ isText }) => (isText ? '---' : '---:'));
  return [columns.map(({ title }) => title), rule, ...cells]
    .map((line) => `| ${line.join(' | ')} |`)
    .join('\n');
}

function csvCell(value: number | string | undefined): string {
  if (value === undefined) return '';
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

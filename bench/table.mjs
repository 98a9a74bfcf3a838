/**
 * A Markdown table.
 * @param {readonly string[]} head
 * @param {readonly (readonly (string | number | undefined)[])[]} rows numbers are written with three digits; pass
 *   text to show more; undefined is a dash
 * @throws {Error} where a row has more or fewer cells than the head
 */
export function markdownTable(head, rows) {
  const isNumber = head.map((_, column) => rows.some((row) => isFigure(row[column])));
  const lines = [
    head.map(escapeCell),
    head.map((_, column) => (isNumber[column] ? '--:' : '---')),
    ...rows.map((row) => {
      if (row.length !== head.length) {
        throw new Error(`A row of ${row.length} cells does not fit a head of ${head.length}.`);
      }
      return row.map(formatCell);
    }),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Three significant digits, whole from 100 on, without exponents. */
export function formatNumber(value) {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

function formatCell(value) {
  if (value === undefined) return '–';
  return typeof value === 'number' ? formatNumber(value) : escapeCell(value);
}

function isFigure(cell) {
  return typeof cell === 'number' || /^[-−+]?[\d.,]+( %)?$/.test(cell ?? '');
}

function escapeCell(text) {
  return text.replaceAll('|', '\\|');
}

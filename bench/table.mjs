/** Figures as Markdown: rows of cells, numbers to the right. */

/**
 * A Markdown table.
 * @param {readonly string[]} head
 * @param {readonly (readonly (string | number | undefined)[])[]} rows numbers are given three digits; undefined is a dash
 * @throws {Error} where a row has more or fewer cells than the head
 */
export function markdownTable(head, rows) {
  const isNumber = head.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
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

function escapeCell(text) {
  return text.replaceAll('|', '\\|');
}

const MEBIBYTE = 1024 * 1024;

/** The document of a run: what it was measured on, the ratios, and the figures behind them. */
export function describeResults({
  recordedAt,
  adapter,
  browser,
  quick,
  rounds,
  rows,
  models,
  kernels,
  missing,
}) {
  const sections = [
    `Measured on ${recordedAt.slice(0, 10)} on ${adapter.name}${adapter.isGpu ? '' : ' (software: no GPU)'}, ${browser}; medians of ${rounds} rounds in turn after a warm-up${quick ? ', --quick' : ''}.`,
    ratioTable(rows),
    ...models.map(modelTable),
    kernels && kernelTable(kernels, adapter.isGpu),
    missing.length > 0 && `Not measured:\n\n${missing.map((line) => `- ${line}`).join('\n')}`,
  ];
  return `${sections.filter(Boolean).join('\n\n')}\n`;
}

function ratioTable(rows) {
  const sign = { atLeast: '≥', atMost: '≤' };
  const verdict = (reached) => (reached === undefined ? 'not measured' : reached ? 'reached' : 'not reached');
  return markdownTable(
    ['ratio', 'value', 'target', ''],
    rows.map(({ title, value, target, sense, reached }) => [
      title,
      value,
      `${sign[sense]} ${target}`,
      verdict(reached),
    ]),
  );
}

function modelTable({ title, figures }) {
  const table = markdownTable(
    [
      title,
      'prefill 64, tokens/s',
      'prefill 256, tokens/s',
      'decode, tokens/s',
      'load to first token, ms',
      'MiB on the GPU',
      'peak JS heap, MiB',
    ],
    Object.values(figures).map((figure) => [
      figure.title,
      figure.prefill64,
      figure.prefill256,
      figure.decode,
      figure.loadMilliseconds,
      figure.gpuBytes === undefined ? undefined : figure.gpuBytes / MEBIBYTE,
      figure.peakHeapBytes === undefined ? undefined : figure.peakHeapBytes / MEBIBYTE,
    ]),
  );
  return table;
}

function kernelTable({ copyGigabytesPerSecond, rows }, isGpu) {
  const table = markdownTable(
    ['kernel', 'outputs×inputs', 'tokens', 'ms', 'GFLOP/s', 'GB/s', ...(isGpu ? ['share of copy'] : [])],
    rows.map((row) => [
      row.form,
      `${row.outputs}×${row.inputs}`,
      row.tokens,
      row.milliseconds,
      row.gflops,
      row.gigabytesPerSecond,
      ...(isGpu ? [row.copyShare] : []),
    ]),
  );
  return `Copying from buffer to buffer: ${formatNumber(copyGigabytesPerSecond)} GB/s, read and written bytes together.\n\n${table}`;
}

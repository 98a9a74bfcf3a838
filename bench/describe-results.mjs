import { formatNumber, markdownTable } from './table.mjs';

const MEBIBYTE = 1024 * 1024;
const PUBLISHED_ROUNDS = 5;

/** Markdown of a run: its device, the ratios, and the figures behind them. */
export function describeResults(document) {
  const { recordedAt, adapter, browser, rows, results, missing, differences } = document;
  const software = adapter.isGpu ? '' : ' (software, no GPU)';
  const sections = [
    `Measured on ${recordedAt.slice(0, 10)} on ${adapter.name}${software}, ${browser}; medians of ${PUBLISHED_ROUNDS} rounds in turn after a warm-up where no other number stands.`,
    ratioTable(rows),
    ...Object.values(results.models).map(modelTable),
    results.kernels && kernelTable(results.kernels, adapter.isGpu),
    results.factorization && factorizationTable(results.factorization),
    list('Continuations that differ from those of Lathe dense:', differences),
    list('Not measured:', missing),
  ];
  return `${sections.filter(Boolean).join('\n\n')}\n`;
}

function list(title, lines) {
  return lines.length > 0 && `${title}\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
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

function modelTable({ title, contenders }) {
  const mebibytes = (bytes) => (bytes === undefined ? undefined : bytes / MEBIBYTE);
  return markdownTable(
    [
      title,
      'prefill 64, tokens/s',
      'prefill 256, tokens/s',
      'decode, tokens/s',
      'load to first token, ms',
      'MiB on the GPU',
      'peak JS heap, MiB',
      'WebAssembly, MiB',
    ],
    Object.values(contenders).map((figures) => [
      figures.rounds === PUBLISHED_ROUNDS ? figures.title : `${figures.title} (${figures.rounds} rounds)`,
      figures.prefill64,
      figures.prefill256,
      figures.decode,
      figures.loadMilliseconds,
      mebibytes(figures.gpuBytes),
      mebibytes(figures.peakHeapBytes),
      mebibytes(figures.webAssemblyBytes),
    ]),
  );
}

function kernelTable({ copyGigabytesPerSecond, rows }, isGpu) {
  const table = markdownTable(
    ['kernel', 'outputs×inputs', 'tokens', 'ms', 'GFLOP/s', 'GB/s', ...(isGpu ? ['share of copy'] : [])],
    rows.map((row) => [
      row.form,
      `${row.outputs}×${row.inputs}`,
      String(row.tokens),
      row.milliseconds,
      row.gflops,
      row.gigabytesPerSecond,
      ...(isGpu ? [row.copyShare] : []),
    ]),
  );
  return `Copying from buffer to buffer: ${formatNumber(copyGigabytesPerSecond)} GB/s, read and written bytes together.\n\n${table}`;
}

function factorizationTable({ cpu, cores, comparisons }) {
  const table = markdownTable(
    ['factorization', 'values', 'Lathe, s', 'numpy.linalg.svd, s', 'ratio'],
    comparisons.map(({ method, spectrum, seconds, numpySeconds, ratio }) => [
      method,
      spectrum,
      seconds,
      numpySeconds,
      ratio,
    ]),
  );
  return `The 48 linears of GPT-2 (124 M) factorized on the CPU (${cpu}, ${cores} cores):\n\n${table}`;
}

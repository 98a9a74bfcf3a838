import { markdownTable } from '../table.mjs';

/**
 * @param {readonly object[]} entries `title`, `run` (its settings), `text` (absent: the shipped one), and the figures
 *   of `lathe` on the command line, of Lathe in the `browser` and of `pytorch`, each if it ran
 * @returns {string} Markdown
 */
export function recoveryTable(entries) {
  const devices = new Set(
    entries.flatMap(({ lathe, browser }) => [lathe, browser].flatMap((own) => (own ? [own.device] : []))),
  );
  const { base } = figuresOf(entries[0]);
  const head = [
    'model',
    'tokens: steps × sequences × length',
    'before',
    'Lathe, Node',
    'Lathe, Chromium',
    'PyTorch',
    'difference',
  ];
  return `# Recovery of the demo GPT-2

Perplexity on the first 16 windows of 256 tokens of \`fairy-tales.test.txt\`, which no run trains on; the base has ${perplexity(base)}.
0.7·KL to the base + 0.3·cross-entropy, AdamW, cosine to 3 % of a peak of 1.2e-3; for "own recipe", the share of KL, hidden
states and the peak are those of \`bench/recovery/cases.mjs\`; int4 has KL alone and a peak of 1e-4. PyTorch is the equivalent script in
\`training/recovery\`, on the same windows.
"Chromium" is Lathe's page in that browser, "Node" its command line. Lathe ran on ${[...devices].join(', ') || 'no device'}.

${markdownTable(head, entries.map(rowOf))}
`;
}

function rowOf(entry) {
  const { title, lathe, browser, pytorch } = entry;
  return [
    title,
    describeRun(entry),
    perplexity(figuresOf(entry).before),
    perplexity(lathe?.after),
    perplexity(browser?.after),
    perplexity(pytorch?.after),
    difference(browser ?? lathe, pytorch),
  ];
}

/**
 * Figures of the page, else of the command line, else of PyTorch: the base and the untrained compression are the same
 * in all.
 */
function figuresOf({ lathe, browser, pytorch }) {
  return browser ?? lathe ?? pytorch;
}

function describeRun({ run: { steps, batchSize, sequenceLength }, text }) {
  const tokens = (steps * batchSize * sequenceLength).toLocaleString('en');
  return `${steps} × ${batchSize} × ${sequenceLength} = ${tokens}${text ? ` of ${text}` : ''}`;
}

/** As text: distinguishing perplexities of 46.583 and 46.680 takes more than the three digits of a table's numbers. */
function perplexity(value) {
  return value?.toFixed(3);
}

function difference(own, twin) {
  if (!own || !twin) return undefined;
  // Without a minus sign on zero.
  const percent = (100 * (own.after / twin.after - 1)).toFixed(3).replace(/^-(?=[0.]+$)/, '');
  return `${percent} %`;
}

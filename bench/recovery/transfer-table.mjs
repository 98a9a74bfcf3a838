import { markdownTable } from '../table.mjs';

const PROGRAMS = { lathe: 'Lathe', pytorch: 'PyTorch' };

/**
 * @param {readonly object[]} entries `pruning` (absent of the dense model), `seed`, `fineSteps`, and the figures of each program
 * @param {{ batchSize: number, length: number, finePeak: number }} settings of all
 * @returns {string} Markdown
 */
export function transferTable(entries, { batchSize, length, finePeak }) {
  const figures = entries.flatMap(({ lathe, pytorch }) => [lathe, pytorch]).filter(Boolean);
  const devices = new Set(figures.flatMap(({ device }) => device ?? []));
  const ordered = entries.toSorted(
    (one, other) => orderOf(one).localeCompare(orderOf(other)) || one.seed - other.seed,
  );
  const rows = ordered.map((entry) => [
    describePruning(entry),
    String(entry.seed),
    String(entry.fineSteps),
    ...Object.keys(PROGRAMS).map((who) => percent(entry[who])),
  ]);
  return `# Transfer: pruned on a text, locked, then taught to classify

The masked language model of the demo BERT; gradual pruning of the blocks' matrices by steps of ${batchSize} × ${length} tokens (a·KL to the unpruned
model + (1 − a)·cross-entropy of masked tokens + b·hidden states, peak 1.2e-3), then a new pooler and classifier, and fine-tuning
of everything that is not zero by steps of ${batchSize} labelled sentences (peak ${finePeak}). Accuracy, ± its standard error, on ${figures[0]?.sentences} sentences of
SST-2's development set. The seed draws the new weights and the sentences; the model is pruned once. PyTorch is the equivalent script in \`training/recovery\`,
with the same windows, masks, sentences and new weights. Lathe ran on ${[...devices].join(', ') || 'no device'}.

${markdownTable(['pruning', 'seed', 'fine-tuning steps', ...Object.values(PROGRAMS)], rows)}

Difference of sparse and dense accuracy for the same seeds, mean and standard error over the seeds, in points:

${markdownTable(['pruning', ...Object.values(PROGRAMS)], differences(ordered))}
`;
}

/** The dense model comes first. */
function orderOf(entry) {
  return entry.pruning ? describePruning(entry) : '';
}

function describePruning({ pruning }) {
  if (!pruning) return 'none';
  const { sparsity, steps, distillationWeight, hiddenWeight } = pruning;
  return `${sparsity * 100} % in ${steps} steps, a = ${distillationWeight}, b = ${hiddenWeight}`;
}

/** One row for each way of pruning. */
function differences(entries) {
  const sparse = entries.filter(({ pruning }) => pruning);
  return [...new Set(sparse.map(describePruning))].map((pruning) => {
    const members = sparse.filter((entry) => describePruning(entry) === pruning);
    return [
      pruning,
      ...Object.keys(PROGRAMS).map((who) => describeMean(pairedPoints(members, entries, who))),
    ];
  });
}

function pairedPoints(members, entries, who) {
  return members.flatMap((member) => {
    const dense = entries.find(
      ({ pruning, seed, fineSteps }) => !pruning && seed === member.seed && fineSteps === member.fineSteps,
    );
    return member[who] && dense?.[who] ? [100 * (member[who].accuracy - dense[who].accuracy)] : [];
  });
}

/** The mean of figures and, for more than one, its standard error and the figures. */
function describeMean(points) {
  if (points.length === 0) return '–';
  const mean = points.reduce((sum, point) => sum + point, 0) / points.length;
  if (points.length === 1) return signed(mean);
  const variance = points.reduce((sum, point) => sum + (point - mean) ** 2, 0) / (points.length - 1);
  const error = Math.sqrt(variance / points.length);
  return `${signed(mean)} ± ${error.toFixed(2)} (${points.map(signed).join(', ')})`;
}

function signed(points) {
  return `${points < 0 ? '−' : '+'}${Math.abs(points).toFixed(2)}`;
}

function percent(figures) {
  if (!figures) return '–';
  const { accuracy, standardError } = figures;
  const error = standardError === undefined ? '' : ` ± ${(100 * standardError).toFixed(1)}`;
  return `${(100 * accuracy).toFixed(2)} %${error}`;
}

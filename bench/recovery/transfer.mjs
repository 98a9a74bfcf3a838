#!/usr/bin/env node
/**
 * The transfer of Prune Once for All (Zafrir et al. 2021): a masked language model is pruned to 70 % on a text, its pattern
 * locked, and it is taught to classify labelled sentences with its zeros in place; beside the dense model that is taught the
 * same, and both beside their PyTorch twin. Accuracy on sentences that nothing trained on, to bench/results/transfer.{json,md}.
 *
 *     node bench/recovery/transfer.mjs --model MLM_FOLDER --text TEXT --labelled TRAIN.tsv [--test DEV.tsv] [--steps 400]
 *                                      [--fine-steps 1200] [--seed 0 ...] [--state DIR] [--python .venv/bin/python] [--no-lathe]
 *
 * Pruned once, taught once for each seed, which draws the new weights and the sentences: one run of each is not enough to tell
 * two accuracies apart.
 */
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies, ROOT } from '../../scripts/dependencies.mjs';
import { inScratchFolder, KeptResults, outputOfTwin, reportOfCommandLine, writeRecipe } from './runs.mjs';

const [BATCH_SIZE, LENGTH, FINE_PEAK] = [32, 64, 5e-4];

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    text: { type: 'string', default: join(ROOT, 'public', 'datasets', 'fairy-tales.train.txt') },
    labelled: { type: 'string' },
    test: { type: 'string', default: join(ROOT, 'public', 'datasets', 'sst2.dev.tsv') },
    steps: { type: 'string', default: '400' },
    'fine-steps': { type: 'string', default: '1200' },
    seed: { type: 'string', multiple: true, default: ['0'] },
    state: { type: 'string', default: join(tmpdir(), 'lathe-transfer') },
    python: { type: 'string' },
    'no-lathe': { type: 'boolean', default: false },
  },
});
if (!values.model || !values.labelled)
  throw new Error('--model MLM_FOLDER and --labelled TRAIN.tsv are needed.');

ensureDependencies();
const run = { steps: Number(values.steps), fineSteps: Number(values['fine-steps']) };
const results = new KeptResults(
  'transfer',
  ({ sparsity, seed, run: lengths }) => [sparsity, seed, lengths],
  table,
);
const seeds = values.seed.map(Number);
for (const sparsity of [0, 0.7]) {
  if (!values['no-lathe']) {
    for (const seed of seeds) results.record({ sparsity, seed, run }, 'lathe', await ofLathe(sparsity, seed));
  }
  if (values.python) {
    for (const [seed, figures] of ofTwin(sparsity, resolve(values.python))) {
      results.record({ sparsity, seed, run }, 'pytorch', figures);
    }
  }
}
console.log(results.publish());

function recipeOf(sparsity, seed) {
  const common = { batchSize: BATCH_SIZE, sequenceLength: LENGTH };
  const everything = ['re:.*'];
  return {
    name: `taught at a sparsity of ${sparsity} with seed ${seed}`,
    training: { text: basename(values.text) },
    steps: [
      ...(sparsity === 0
        ? []
        : [
            {
              method: 'gradual-pruning',
              targets: ['Linear'],
              parameters: { ...common, steps: run.steps, sparsity },
            },
          ]),
      {
        method: 'classification-head',
        targets: everything,
        parameters: { labels: 'negative, positive', seed },
      },
      {
        method: 'fine-tuning',
        targets: everything,
        parameters: { ...common, steps: run.fineSteps, peakLearningRate: FINE_PEAK, seed },
        training: { text: basename(values.labelled) },
      },
    ],
  };
}

/** @returns figures, or undefined where the run failed and has said why */
function ofLathe(sparsity, seed) {
  return inScratchFolder((folder) => {
    const report = reportOfCommandLine(
      [writeRecipe(folder, 'recipe', recipeOf(sparsity, seed))],
      [
        ...['--model', values.model, '--train', values.text, '--train', values.labelled],
        ...['--state', values.state, '--evaluate', `accuracy=${values.test}`],
      ],
      folder,
    );
    if (!report) return undefined;
    const { accuracy, accuracyStandardError, accuracyCount } = report.variants[0].metrics;
    return {
      accuracy,
      standardError: accuracyStandardError,
      sentences: accuracyCount,
      device: report.device.description,
    };
  });
}

/** @returns {[seed: number, figures: object][]} of all seeds, pruned once; none where the run failed and has said why */
function ofTwin(sparsity, python) {
  const output = outputOfTwin(python, 'transfer', [
    ...['--model', resolve(values.model), '--text', resolve(values.text)],
    ...['--labelled', resolve(values.labelled), '--test', resolve(values.test)],
    ...['--sparsity', String(sparsity), '--fine-seeds', ...values.seed],
    ...['--steps', values.steps, '--fine-steps', values['fine-steps'], '--fine-peak', String(FINE_PEAK)],
    ...['--batch-size', String(BATCH_SIZE), '--length', String(LENGTH)],
  ]);
  const lines = output?.matchAll(/seed (\d+): accuracy ([\d.]+) on (\d+) sentences/g) ?? [];
  return Array.from(lines, ([, seed, accuracy, sentences]) => [
    Number(seed),
    { accuracy: Number(accuracy), sentences: Number(sentences) },
  ]);
}

function table(entries) {
  const rows = entries.map(({ sparsity, seed, run: { steps, fineSteps }, lathe, pytorch }) => {
    const pruning = sparsity === 0 ? 'none' : `${steps} × ${BATCH_SIZE} × ${LENGTH}`;
    const cells = [
      seed,
      `${sparsity * 100} %`,
      pruning,
      `${fineSteps} × ${BATCH_SIZE}`,
      percent(lathe),
      percent(pytorch),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const devices = new Set(entries.flatMap(({ lathe }) => lathe?.device ?? []));
  const sentences = entries.map(({ lathe, pytorch }) => (lathe ?? pytorch).sentences)[0];
  return `# Transfer: pruned on a text, locked, then taught to classify

The masked language model of the demo BERT; gradual pruning of the blocks' matrices (0.7·KL to the unpruned model + 0.3·cross-entropy of
masked tokens, peak 1.2e-3), then a new pooler and classifier, and fine-tuning of everything that is not zero on labelled sentences
(peak ${FINE_PEAK}). Accuracy, ± its standard error, on ${sentences} sentences of SST-2's development set. PyTorch is the twin in \`training/recovery\`, with
the same windows, masks, sentences and new weights. Lathe ran on ${[...devices].join(', ') || 'no device'}.

| seed | sparsity | pruning: steps × sequences × tokens | fine-tuning: steps × sentences | Lathe | PyTorch |
|---:|---|---|---|---:|---:|
${rows.join('\n')}

Sparse less dense of the same seed and lengths: ${differences(entries)}.
`;
}

/** How far sparse models stand from the dense ones that were taught the same, for each program. */
function differences(entries) {
  const dense = entries.filter(({ sparsity }) => sparsity === 0);
  const pairs = entries
    .filter(({ sparsity }) => sparsity > 0)
    .map((sparse) => [sparse, dense.find((each) => isSameRun(each, sparse))]);
  return ['lathe', 'pytorch']
    .map((who) => {
      const points = pairs.flatMap(([sparse, same]) =>
        sparse[who] && same?.[who] ? [100 * (sparse[who].accuracy - same[who].accuracy)] : [],
      );
      return `${who === 'lathe' ? 'Lathe' : 'PyTorch'} ${describeMean(points)}`;
    })
    .join('; ');
}

function isSameRun(one, other) {
  return one.seed === other.seed && one.run.fineSteps === other.run.fineSteps;
}

/** The mean of figures and, of more than one, its standard error. */
function describeMean(points) {
  if (points.length === 0) return 'not run';
  const mean = points.reduce((sum, point) => sum + point, 0) / points.length;
  if (points.length === 1) return `${signed(mean)} points`;
  const variance = points.reduce((sum, point) => sum + (point - mean) ** 2, 0) / (points.length - 1);
  const each = points.map(signed).join(', ');
  return `${signed(mean)} ± ${Math.sqrt(variance / points.length).toFixed(2)} points (${each})`;
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

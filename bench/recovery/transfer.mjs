#!/usr/bin/env node
/**
 * The transfer of Prune Once for All (Zafrir et al. 2021): a masked language model is pruned to 70 % on a text, its
 * pattern locked, and it is fine-tuned to classify labelled sentences with its zeros in place; compared with the
 * dense model after the same fine-tuning, both in Lathe and in PyTorch. Writes the accuracy on held-out sentences to
 * bench/results/transfer.{json,md}.
 *
 *     node bench/recovery/transfer.mjs --model MLM_FOLDER --labelled TRAIN.tsv [--text TEXT] [--test DEV.tsv]
 *                                      [--sparsity 0.7] [--steps 400] [--distillation-weight 1] [--hidden-weight 1]
 *                                      [--fine-steps 1200] [--seed 0 ...] [--state DIR] [--python .venv/bin/python] [--no-lathe]
 *
 * The model is pruned once and fine-tuned once for each seed, which draws the new weights and the sentences, because
 * single runs do not distinguish two accuracies.
 */
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies, ROOT } from '../../scripts/dependencies.mjs';
import { inScratchFolder, reportOfCommandLine, writeRecipe } from '../command-line.mjs';
import { StoredResults, outputOfTwin } from './runs.mjs';
import { transferTable } from './transfer-table.mjs';

const [BATCH_SIZE, LENGTH, FINE_PEAK] = [32, 64, 5e-4];

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    text: { type: 'string', default: join(ROOT, 'public', 'datasets', 'fairy-tales.train.txt') },
    labelled: { type: 'string' },
    test: { type: 'string', default: join(ROOT, 'public', 'datasets', 'sst2.dev.tsv') },
    sparsity: { type: 'string', default: '0.7' },
    steps: { type: 'string', default: '400' },
    'fine-steps': { type: 'string', default: '1200' },
    'distillation-weight': { type: 'string', default: '1' },
    'hidden-weight': { type: 'string', default: '1' },
    seed: { type: 'string', multiple: true, default: ['0'] },
    state: { type: 'string', default: join(tmpdir(), 'lathe-transfer') },
    python: { type: 'string' },
    'no-lathe': { type: 'boolean', default: false },
  },
});
if (!values.model || !values.labelled)
  throw new Error('--model MLM_FOLDER and --labelled TRAIN.tsv are needed.');

ensureDependencies();
const pruning = {
  sparsity: Number(values.sparsity),
  steps: Number(values.steps),
  distillationWeight: Number(values['distillation-weight']),
  hiddenWeight: Number(values['hidden-weight']),
};
const fineSteps = Number(values['fine-steps']);
const results = new StoredResults(
  'transfer',
  ({ pruning: how, seed, fineSteps: steps }) => [how, seed, steps],
  (entries) => transferTable(entries, { batchSize: BATCH_SIZE, length: LENGTH, finePeak: FINE_PEAK }),
);
const seeds = values.seed.map(Number);
for (const how of [undefined, pruning]) {
  if (!values['no-lathe']) {
    for (const seed of seeds) {
      results.record({ pruning: how, seed, fineSteps }, 'lathe', await ofLathe(how, seed));
    }
  }
  if (values.python) {
    for (const [seed, figures] of ofTwin(how, resolve(values.python))) {
      results.record({ pruning: how, seed, fineSteps }, 'pytorch', figures);
    }
  }
}
console.log(results.publish());

/** @param how absent: the dense model */
function recipeOf(how, seed) {
  const common = { batchSize: BATCH_SIZE, sequenceLength: LENGTH };
  const everything = ['re:.*'];
  const prune = { method: 'gradual-pruning', targets: ['Linear'], parameters: { ...common, ...how } };
  return {
    name: `taught with seed ${seed}`,
    training: { text: basename(values.text) },
    steps: [
      ...(how ? [prune] : []),
      {
        method: 'classification-head',
        targets: everything,
        parameters: { labels: 'negative, positive', seed },
      },
      {
        method: 'fine-tuning',
        targets: everything,
        parameters: { ...common, steps: fineSteps, peakLearningRate: FINE_PEAK, seed },
        training: { text: basename(values.labelled) },
      },
    ],
  };
}

/** @returns figures, or undefined if the run failed and has printed the reason */
function ofLathe(how, seed) {
  return inScratchFolder((folder) => {
    const report = reportOfCommandLine(
      [writeRecipe(folder, 'recipe', recipeOf(how, seed))],
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

/**
 * @returns {[seed: number, figures: object][]} of all seeds, pruned once; none if the run failed and has printed the
 *   reason
 */
function ofTwin(how, python) {
  const output = outputOfTwin(python, 'transfer', [
    ...['--model', resolve(values.model), '--text', resolve(values.text)],
    ...['--labelled', resolve(values.labelled), '--test', resolve(values.test)],
    ...['--sparsity', String(how?.sparsity ?? 0), '--fine-seeds', ...values.seed],
    ...['--steps', values.steps, '--fine-steps', values['fine-steps'], '--fine-peak', String(FINE_PEAK)],
    ...['--batch-size', String(BATCH_SIZE), '--length', String(LENGTH)],
    ...['--distillation-weight', values['distillation-weight'], '--hidden-weight', values['hidden-weight']],
  ]);
  const lines = output?.matchAll(/seed (\d+): accuracy ([\d.]+) on (\d+) sentences/g) ?? [];
  return Array.from(lines, ([, seed, accuracy, sentences]) => [
    Number(seed),
    { accuracy: Number(accuracy), sentences: Number(sentences) },
  ]);
}

#!/usr/bin/env node
/**
 * The transfer of Prune Once for All (Zafrir et al. 2021): a masked language model is pruned to 70 % on a text, its pattern
 * locked, and it is taught to classify labelled sentences with its zeros in place; beside the dense model that is taught the
 * same, and both beside their PyTorch twin. Accuracy on sentences that nothing trained on, to bench/results/transfer.{json,md}.
 *
 *     node bench/recovery/transfer.mjs --model MLM_FOLDER --text TEXT --labelled TRAIN.tsv [--test DEV.tsv] [--steps 400]
 *                                      [--fine-steps 1200] [--state DIR] [--python .venv/bin/python] [--no-lathe]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies, ROOT } from '../../scripts/dependencies.mjs';

const STEM = join(ROOT, 'bench', 'results', 'transfer');
const [BATCH_SIZE, LENGTH, FINE_PEAK] = [32, 64, 5e-4];

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    text: { type: 'string', default: join(ROOT, 'public', 'datasets', 'fairy-tales.train.txt') },
    labelled: { type: 'string' },
    test: { type: 'string', default: join(ROOT, 'public', 'datasets', 'sst2.dev.tsv') },
    steps: { type: 'string', default: '400' },
    'fine-steps': { type: 'string', default: '1200' },
    state: { type: 'string', default: join(tmpdir(), 'lathe-transfer') },
    python: { type: 'string' },
    'no-lathe': { type: 'boolean', default: false },
  },
});
if (!values.model || !values.labelled)
  throw new Error('--model MLM_FOLDER and --labelled TRAIN.tsv are needed.');

ensureDependencies();
const run = { steps: Number(values.steps), fineSteps: Number(values['fine-steps']) };
const results = existsSync(`${STEM}.json`) ? JSON.parse(readFileSync(`${STEM}.json`, 'utf8')) : [];
for (const sparsity of [0, 0.7]) {
  if (!values['no-lathe']) record(sparsity, 'lathe', ofLathe(sparsity));
  if (values.python) record(sparsity, 'pytorch', ofTwin(sparsity, resolve(values.python)));
}
console.log(table());

function recipeOf(sparsity) {
  const common = { batchSize: BATCH_SIZE, sequenceLength: LENGTH };
  const everything = ['re:.*'];
  return {
    name: `taught at a sparsity of ${sparsity}`,
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
      { method: 'classification-head', targets: everything, parameters: { labels: 'negative, positive' } },
      {
        method: 'fine-tuning',
        targets: everything,
        parameters: { ...common, steps: run.fineSteps, peakLearningRate: FINE_PEAK },
        training: { text: basename(values.labelled) },
      },
    ],
  };
}

/** @returns figures, or undefined where the run failed and has said why */
function ofLathe(sparsity) {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-transfer-'));
  try {
    const [recipe, report] = [join(folder, 'recipe.json'), join(folder, 'report.json')];
    writeFileSync(recipe, JSON.stringify(recipeOf(sparsity)));
    const { status } = spawnSync(
      process.execPath,
      [
        join(ROOT, 'cli', 'main.mjs'),
        ...['--model', values.model, '--recipe', recipe, '--train', values.text, '--train', values.labelled],
        ...['--state', values.state, '--evaluate', `accuracy=${values.test}`, '--report', report],
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    if (status !== 0) return undefined;
    const { variants, device } = JSON.parse(readFileSync(report, 'utf8'));
    const { accuracy, accuracyStandardError, accuracyCount } = variants[0].metrics;
    return {
      accuracy,
      standardError: accuracyStandardError,
      sentences: accuracyCount,
      device: device.description,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function ofTwin(sparsity, python) {
  const { status, stdout } = spawnSync(
    python,
    [
      ...['-m', 'recovery.transfer', '--model', resolve(values.model), '--text', resolve(values.text)],
      ...[
        '--labelled',
        resolve(values.labelled),
        '--test',
        resolve(values.test),
        '--sparsity',
        String(sparsity),
      ],
      ...['--steps', values.steps, '--fine-steps', values['fine-steps'], '--fine-peak', String(FINE_PEAK)],
      ...['--batch-size', String(BATCH_SIZE), '--length', String(LENGTH)],
    ],
    { cwd: join(ROOT, 'training'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) return undefined;
  const [, accuracy, sentences] = /accuracy ([\d.]+) on (\d+) sentences/.exec(stdout);
  return { accuracy: Number(accuracy), sentences: Number(sentences) };
}

function record(sparsity, who, figures) {
  if (!figures) return;
  const key = JSON.stringify([sparsity, run]);
  let entry = results.find((result) => JSON.stringify([result.sparsity, result.run]) === key);
  if (!entry) results.push((entry = { sparsity, run }));
  entry[who] = figures;
  writeFileSync(`${STEM}.json`, `${JSON.stringify(results, undefined, 1)}\n`);
  writeFileSync(`${STEM}.md`, table());
}

function table() {
  const rows = results.map(({ sparsity, run: { steps, fineSteps }, lathe, pytorch }) => {
    const pruning = sparsity === 0 ? 'none' : `${steps} × ${BATCH_SIZE} × ${LENGTH}`;
    const cells = [
      `${sparsity * 100} %`,
      pruning,
      `${fineSteps} × ${BATCH_SIZE}`,
      percent(lathe),
      percent(pytorch),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const devices = new Set(results.flatMap(({ lathe }) => lathe?.device ?? []));
  const sentences = results.map(({ lathe, pytorch }) => (lathe ?? pytorch).sentences)[0];
  return `# Transfer: pruned on a text, locked, then taught to classify

The masked language model of the demo BERT; gradual pruning of the blocks' matrices (0.7·KL to the unpruned model + 0.3·cross-entropy of
masked tokens, peak 1.2e-3), then a new pooler and classifier, and fine-tuning of everything that is not zero on labelled sentences
(peak ${FINE_PEAK}). Accuracy, ± its standard error, on ${sentences} sentences of SST-2's development set. PyTorch is the twin in \`training/recovery\`, with
the same windows, masks, sentences and new weights. Lathe ran on ${[...devices].join(', ') || 'no device'}.

| sparsity | pruning: steps × sequences × tokens | fine-tuning: steps × sentences | Lathe | PyTorch |
|---|---|---|---:|---:|
${rows.join('\n')}
`;
}

function percent(figures) {
  if (!figures) return '–';
  const { accuracy, standardError } = figures;
  const error = standardError === undefined ? '' : ` ± ${(100 * standardError).toFixed(1)}`;
  return `${(100 * accuracy).toFixed(2)} %${error}`;
}

#!/usr/bin/env node
/**
 * Recovery of the demo GPT-2: perplexity before and after training, in Lathe and in PyTorch. Each case is written to
 * bench/results/recovery.{json,md} when it is done; an interrupted run resumes when it is started again.
 *
 *     node bench/recovery/run.mjs [--case ID ...] [--steps 390] [--batch-size 16] [--length 256] [--warm-up 30]
 *                                 [--text FILE] [--state DIR] [--in-browser] [--python .venv/bin/python] [--no-lathe]
 *
 * Lathe runs on the command line; with --in-browser in the page, in Chromium. It trains on the shipped text, or on
 * --text.
 */
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies, ROOT } from '../../scripts/dependencies.mjs';
import { inScratchFolder, reportOfCommandLine, writeRecipe } from '../command-line.mjs';
import { CASES, recipesOf } from './cases.mjs';
import { reportOfPage } from './in-browser.mjs';
import { recoveryTable } from './recovery-table.mjs';
import { StoredResults, outputOfTwin } from './runs.mjs';

const DATA_SETS = join(ROOT, 'public', 'datasets');
const MODEL = join(ROOT, 'public', 'models', 'fairy-tales-gpt2');
const WINDOWS = 16;

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true },
    steps: { type: 'string', default: '390' },
    'batch-size': { type: 'string', default: '16' },
    length: { type: 'string', default: '256' },
    'warm-up': { type: 'string', default: '30' },
    text: { type: 'string' },
    state: { type: 'string', default: join(tmpdir(), 'lathe-recovery') },
    python: { type: 'string' },
    'in-browser': { type: 'boolean', default: false },
    'no-lathe': { type: 'boolean', default: false },
  },
});

ensureDependencies();
const text = resolve(values.text ?? join(DATA_SETS, 'fairy-tales.train.txt'));
const run = {
  steps: Number(values.steps),
  batchSize: Number(values['batch-size']),
  sequenceLength: Number(values.length),
  warmupSteps: Number(values['warm-up']),
};
const chosen = CASES.filter(({ id }) => !values.case || values.case.includes(id));
const keyOf = ({ id, run: settings, text: ofUser }) => [id, settings, ofUser];
const results = new StoredResults('recovery', keyOf, recoveryTable);
for (const recoveryCase of chosen) {
  const entry = {
    id: recoveryCase.id,
    title: recoveryCase.title,
    run,
    ...(values.text ? { text: basename(text) } : {}),
  };
  if (!values['no-lathe']) {
    results.record(entry, values['in-browser'] ? 'browser' : 'lathe', await ofLathe(recoveryCase));
  }
  if (values.python) results.record(entry, 'pytorch', ofTwin(recoveryCase, resolve(values.python)));
}
console.log(results.publish());

/** @returns figures, or undefined if the run failed and has printed the reason */
async function ofLathe(recoveryCase) {
  try {
    return await inScratchFolder(async (folder) => {
      const settings = { ...run, evaluateEvery: evaluateEvery(), keepStateEvery: 10 };
      const paths = recipesOf(recoveryCase, settings, basename(text)).map((recipe, index) =>
        writeRecipe(folder, String(index), recipe),
      );
      const texts = values.text ? [text] : [];
      const report = values['in-browser']
        ? await reportOfPage({ recipes: paths, model: MODEL, texts, windows: WINDOWS, state: profile() })
        : reportOfCommandLine(paths, argumentsOfCommandLine(), folder);
      return report && figuresOf(report);
    });
  } catch (error) {
    console.error(`${recoveryCase.id}: ${error.message}`);
    return undefined;
  }
}

function argumentsOfCommandLine() {
  return [
    ...['--model', MODEL, '--train', text, '--state', values.state],
    ...['--evaluate', `perplexity=${join(DATA_SETS, 'fairy-tales.test.txt')}`],
    ...['--max-windows', String(WINDOWS)],
  ];
}

function figuresOf({ base, variants, device, recordedAt }) {
  const after = variants.at(-1);
  return {
    base: base.metrics.perplexity,
    before: variants.length > 1 ? variants[0].metrics.perplexity : undefined,
    after: after.metrics.perplexity,
    bytes: after.size.storedBytes,
    heldOutLosses: after.training.at(-1).heldOutLosses.map(({ step, loss }) => ({ step, loss })),
    device: device.description,
    runtime: device.runtime,
    recordedAt,
  };
}

function profile() {
  const folder = join(values.state, 'browser');
  mkdirSync(folder, { recursive: true });
  return folder;
}

function ofTwin({ twin: [script, ...settings] }, python) {
  const output = outputOfTwin(python, script, [
    ...settings,
    ...['--text', text, '--steps', values.steps],
    ...['--batch-size', values['batch-size'], '--length', values.length],
    ...['--warm-up', values['warm-up'], '--evaluate-every', String(evaluateEvery())],
    ...['--perplexity-every', String(evaluateEvery())],
  ]);
  if (output === undefined) return undefined;
  return figuresOfTwin(output);
}

/** Parses the lines that a PyTorch script prints: perplexities before, during and after, and held-out losses. */
function figuresOfTwin(output) {
  const perplexities = Array.from(output.matchAll(/^(.*): perplexity ([\d.]+)$/gm), ([, what, figure]) => ({
    step: Number(/^at step (\d+)$/.exec(what)?.[1]),
    perplexity: Number(figure),
  }));
  const [base, before, after] = perplexities.filter(({ step }) => Number.isNaN(step));
  return {
    base: base.perplexity,
    before: before.perplexity,
    onTheWay: perplexities.filter(({ step }) => step < run.steps),
    after: after.perplexity,
    heldOutLosses: Array.from(output.matchAll(/^step (\d+) .* held out ([\d.]+)$/gm), ([, step, loss]) => ({
      step: Number(step),
      loss: Number(loss),
    })),
  };
}

function evaluateEvery() {
  return Math.max(1, Math.round(run.steps / 3));
}

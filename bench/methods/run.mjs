#!/usr/bin/env node
/**
 * Every method at three levels on the demo checkpoints: quality, bytes, speed relative to the base, and seconds to
 * compress. Prints a table for each model and writes it to bench/results/methods-<model>.{json,md}.
 *
 *   node bench/methods/run.mjs [--model fairy-tales-gpt2|sst2-bert] [--method ID ...] [--amount N] [--no-latency]
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies, ROOT } from '../../scripts/dependencies.mjs';
import { inScratchFolder, reportOfCommandLine, writeRecipe } from '../command-line.mjs';
import { METHOD_LEVELS } from './levels.mjs';

const DATA_SETS = join(ROOT, 'public', 'datasets');
const CALIBRATION = { sequences: 32, length: 128, seed: 0 };
/**
 * Evaluation and calibration data of each model. `texts` returns the paths of the two files, given a folder for
 * generated ones.
 */
const MODELS = {
  'fairy-tales-gpt2': {
    measure: 'perplexity',
    limit: '--max-windows',
    calibration: CALIBRATION,
    texts: () => ({
      test: join(DATA_SETS, 'fairy-tales.test.txt'),
      calibration: join(DATA_SETS, 'fairy-tales.train.txt'),
    }),
  },
  'sst2-bert': {
    measure: 'accuracy',
    limit: '--max-examples',
    calibration: { ...CALIBRATION, sequences: 128 },
    texts: halvesOfSentences,
  },
};

const { values } = parseArgs({
  options: {
    model: { type: 'string', multiple: true },
    method: { type: 'string', multiple: true },
    amount: { type: 'string' },
    'no-latency': { type: 'boolean', default: false },
  },
});

ensureDependencies();
for (const model of values.model ?? Object.keys(MODELS)) await measure(model);

/** A separate run for each method, so that a failure does not affect the others. */
async function measure(model) {
  const chosen = METHOD_LEVELS.filter(
    ({ method, only }) => (!only || only === model) && (!values.method || values.method.includes(method)),
  );
  const stem = join(ROOT, 'bench', 'results', `methods-${model}`);
  const reports =
    values.method && existsSync(`${stem}.json`) ? JSON.parse(readFileSync(`${stem}.json`, 'utf8')) : {};
  for (const { method, levels } of chosen) {
    const report = await reportOf(model, method, levels);
    if (!report) continue;
    reports[method] = report;
    writeFileSync(`${stem}.json`, `${JSON.stringify(inOrder(reports), undefined, 1)}\n`);
    writeFileSync(`${stem}.md`, tableOf(Object.values(inOrder(reports))));
  }
  console.log(readFileSync(`${stem}.md`, 'utf8'));
}

function inOrder(reports) {
  const known = METHOD_LEVELS.filter(({ method }) => reports[method]);
  return Object.fromEntries(known.map(({ method }) => [method, reports[method]]));
}

/** @returns the report, or undefined if the method failed */
function reportOf(model, method, levels) {
  return inScratchFolder((folder) => {
    const texts = MODELS[model].texts(folder);
    const calibration = { text: basename(texts.calibration), ...MODELS[model].calibration };
    const paths = levels.map(({ label, steps }, index) =>
      writeRecipe(folder, String(index), { name: `${method}: ${label}`, steps, calibration }),
    );
    const report = reportOfCommandLine(paths, argumentsOf(model, texts), folder);
    return report && withoutLayers(report);
  });
}

/** No training split of SST-2 ships: sentences of even rows are for calibration, those of odd rows for evaluation. */
function halvesOfSentences(folder) {
  const rows = readFileSync(join(DATA_SETS, 'sst2.dev.tsv'), 'utf8').split('\n').filter(Boolean);
  const half = (name, remainder) => {
    const path = join(folder, name);
    writeFileSync(path, rows.filter((_, index) => index % 2 === remainder).join('\n'));
    return path;
  };
  return { calibration: half('sst2.dev-even-rows.tsv', 0), test: half('sst2.dev-odd-rows.tsv', 1) };
}

function argumentsOf(model, texts) {
  const { measure: kind, limit } = MODELS[model];
  return [
    ...['--model', join(ROOT, 'public', 'models', model)],
    ...['--calibrate', texts.calibration],
    ...['--evaluate', `${kind}=${texts.test}`],
    ...(kind === 'perplexity' || values.amount ? [limit, values.amount ?? '16'] : []),
    ...(values['no-latency'] ? [] : ['--latency', '--runs', '2']),
  ];
}

/** A table does not need the figures of each matrix. */
function withoutLayers(report) {
  const strip = (variant) => ({ ...variant, layers: undefined });
  const model = { ...report.model, modules: undefined };
  return { ...report, model, base: strip(report.base), variants: report.variants.map(strip) };
}

function tableOf(reports) {
  const [{ recordedAt, device, model, base }] = reports;
  const quality = base.metrics.perplexity === undefined ? 'accuracy' : 'perplexity';
  const rows = [
    rowOf(base, base, quality),
    ...reports.flatMap((report) => report.variants.map((variant) => rowOf(variant, report.base, quality))),
  ];
  return `# Methods on ${model.name}

${recordedAt.slice(0, 10)}, ${device.description || device.vendor}, ${device.runtime}. ${base.metrics[`${quality}Protocol`]}.
Speeds are ratios to the base, measured in turn in one process.

| variant | ${quality} | mean KL, nats | bytes | bits a weight | prefill | decode | seconds |
|---|---:|---:|---:|---:|---:|---:|---:|
${rows.map((row) => `| ${row} |`).join('\n')}
`;
}

function rowOf({ name, metrics, size, latency, seconds }, base, quality) {
  return [
    name,
    metrics[quality].toFixed(quality === 'perplexity' ? 2 : 4),
    metrics.meanKl === undefined ? '–' : metrics.meanKl.toPrecision(3),
    size.storedBytes.toLocaleString('en'),
    size.bitsPerWeight.toFixed(2),
    ratio(latency, base.latency, 'prefillTokensPerSecond'),
    ratio(latency, base.latency, 'decodeTokensPerSecond'),
    seconds === undefined ? '–' : seconds.toFixed(1),
  ].join(' | ');
}

function ratio(latency, base, rate) {
  return latency?.[rate] && base?.[rate] ? (latency[rate].median / base[rate].median).toFixed(2) : '–';
}

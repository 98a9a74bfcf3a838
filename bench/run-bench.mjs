import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../scripts/dependencies.mjs';
import { closePage, launchBrowser, openPage } from './browser.mjs';
import { buildPage, installPeers, ONNXRUNTIME } from './build.mjs';
import { checkpointFolder, countingModels, DEMO, LARGE } from './checkpoints.mjs';
import { contendersOf } from './contenders.mjs';
import { FORMATS } from './formats.mjs';
import { measureFactorization } from './parts/factorization.mjs';
import { countDecoding, measureGeneration } from './parts/generation.mjs';
import { measureKernels } from './parts/kernels.mjs';
import { measureLab } from './parts/lab.mjs';
import { measureLoad } from './parts/load.mjs';
import { evaluateRatios } from './ratios.mjs';
import { serve } from './serve.mjs';
import { describeResults } from './table.mjs';

const DIST = join(ROOT, 'bench', 'cache', 'page');
const DATASETS = join(ROOT, 'public', 'datasets');
/** Formats whose recipes the lab is timed with: quick to compress, and slow. */
const LAB_FORMATS = ['int8', 'lowRank'];

/** Builds, measures, prints and writes the results. @param {ReturnType<typeof import('./options.mjs').parseOptions>} options */
export async function runBench(options) {
  const peersInstalled = installPeers();
  const models = (options.quick ? [DEMO] : [DEMO, LARGE]).map((model) => ({
    ...model,
    ...contendersOf(model, FORMATS, { peers: options.peers, peersInstalled }),
  }));
  const counting = countingModels().map((model) => ({ ...model, source: `/checkpoints/${model.name}` }));
  const folders = Object.assign(
    { '/onnx/': options.peers, '/onnxruntime/': ONNXRUNTIME, '/datasets/': DATASETS },
    ...models.map((model) => model.folders),
    ...counting.map(({ source, folder }) => ({ [`${source}/`]: folder })),
  );
  console.log('Building the page …');
  await buildPage(join(DIST, 'current'));
  const server = await serve({ ...folders, '/': join(DIST, 'current') });
  const browser = await launchBrowser();
  try {
    const measure = partsOf({ browser, address: server.address, options, models, counting, folders });
    const results = { adapter: await adapterOf(browser, server.address), generation: {}, load: {} };
    for (const part of options.parts) {
      console.log(`Measuring: ${part} …`);
      await measure[part](results);
    }
    publish(results, { options, models, browser: `Chromium ${browser.version()}` });
  } finally {
    await browser.close();
    server.close();
  }
}

/** What each part of the bench adds to the results. */
function partsOf({ browser, address, options, models, counting, folders }) {
  const { quick, rounds } = options;
  return {
    async generation(results) {
      for (const model of models) {
        results.generation[model.key] = await measureGeneration(
          browser,
          address,
          model,
          model.entries,
          rounds,
        );
      }
      results.counts = await countDecoding(browser, address, counting);
    },
    async load(results) {
      for (const model of models) {
        results.load[model.key] = await measureLoad(browser, address, model, model.entries, rounds);
      }
    },
    async kernels(results) {
      results.kernels = await measureKernels(browser, address, quick);
    },
    async factorization(results) {
      if (quick) return;
      const source = `/checkpoints/${LARGE.name}/dense`;
      results.factorization = await measureFactorization(
        browser,
        address,
        source,
        checkpointFolder(LARGE),
        options.python,
      );
    },
    async lab(results) {
      if (!options.baseline) return;
      await buildPage(join(DIST, 'baseline'), { source: options.baseline });
      const baseline = await serve({ ...folders, '/': join(DIST, 'baseline') });
      const formats = FORMATS.filter(({ key }) => LAB_FORMATS.includes(key));
      const [milliseconds, baselineMilliseconds] = await measureLab(
        browser,
        `/checkpoints/${DEMO.name}/dense`,
        '/datasets/fairy-tales.test.txt',
        formats,
        [address, baseline.address],
        rounds,
      );
      baseline.close();
      results.lab = { milliseconds, baselineMilliseconds };
    },
  };
}

async function adapterOf(browser, address) {
  const page = await openPage(browser, address);
  const adapter = await page.evaluate(() => window.bench.describeAdapter());
  await closePage(page);
  return adapter;
}

function publish(results, { options, models, browser }) {
  const rows = evaluateRatios(results);
  const missing = [
    ...models.flatMap((model) => model.missing),
    ...(options.quick ? ['GPT-2 (124 M) and the factorization: run without --quick'] : []),
    ...(options.baseline ? [] : ['the first version: give its checkout by --baseline, see bench/README.md']),
    ...(results.factorization?.missing ? [results.factorization.missing] : []),
  ];
  const document = {
    recordedAt: new Date().toISOString(),
    adapter: results.adapter,
    browser,
    quick: options.quick,
    rounds: options.rounds,
    peers: peerVersions(),
    ratios: Object.fromEntries(
      rows.filter(({ value }) => value !== undefined).map(({ key, value }) => [key, value]),
    ),
    rows,
    results,
    missing,
  };
  const text = describeResults({
    ...document,
    models: models.map(({ key, title }) => ({ title, figures: merged(results, key) })),
    kernels: results.kernels,
  });
  mkdirSync(options.output, { recursive: true });
  writeFileSync(join(options.output, 'latest.json'), `${JSON.stringify(document, undefined, 2)}\n`);
  writeFileSync(join(options.output, 'latest.md'), text);
  console.log(`\n${text}`);
}

/** Figures of generation and of loading, by contender. */
function merged({ generation, load }, model) {
  const keys = new Set([...Object.keys(generation[model] ?? {}), ...Object.keys(load[model] ?? {})]);
  return Object.fromEntries(
    [...keys].map((key) => [key, { ...generation[model]?.[key], ...load[model]?.[key] }]),
  );
}

function peerVersions() {
  const lock = JSON.parse(readFileSync(join(ROOT, 'bench', 'peers', 'package-lock.json'), 'utf8'));
  return Object.fromEntries(
    ['@huggingface/transformers', 'onnxruntime-web'].map((name) => [
      name,
      lock.packages[`node_modules/${name}`].version,
    ]),
  );
}

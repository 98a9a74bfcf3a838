import { join } from 'node:path';
import { ROOT } from '../scripts/dependencies.mjs';
import { closePage, launchBrowser, openPage } from './browser.mjs';
import { buildPage, installPeers, ONNXRUNTIME } from './build.mjs';
import { countingModels, DEMO, DEMO_FOLDER, LARGE } from './checkpoints.mjs';
import { contendersOf } from './contenders.mjs';
import { FORMATS } from './formats.mjs';
import { appendToHistory } from './history.mjs';
import { measureFactorization } from './parts/factorization.mjs';
import { countDecoding, measureGeneration } from './parts/generation.mjs';
import { measureKernels } from './parts/kernels.mjs';
import { measureLab } from './parts/lab.mjs';
import { measureLoad } from './parts/load.mjs';
import { earlierResults, publish } from './publish.mjs';
import { serve } from './serve.mjs';

/** @typedef {ReturnType<typeof import('./options.mjs').parseOptions>} Options */

const PAGES = join(ROOT, 'bench', 'cache', 'page');
const DATASETS = join(ROOT, 'public', 'datasets');
const LAB_CHECKPOINT = '/checkpoints/demo';
/** Formats whose recipes time the lab; each includes evaluating two models on 4,096 tokens. */
const LAB_FORMATS = ['int8'];
/** Contenders that `--quick` loads repeatedly; the others are loaded once. */
const QUICK_LOADS = ['lathe-dense', 'transformers-fp32'];

/**
 * Builds, measures, and writes the results after each part, so that long measurements are not lost.
 * @param {Options} options
 */
export async function runBench(options) {
  const peersInstalled = installPeers();
  const { models, counting, folders } = prepareModels(options, peersInstalled);
  console.log('Building the page …');
  await buildPage(join(PAGES, 'current'));
  const server = await serve({ ...folders, '/': join(PAGES, 'current') });
  const browser = await launchBrowser();
  try {
    const setting = { browser, address: server.address, options, models, counting, folders };
    const { address } = server;
    const adapter = await adapterOf(browser, address);
    const results = earlierResults(options, adapter);
    const document = {
      adapter,
      browser: `Chromium ${browser.version()}`,
      missing: models.flatMap(({ missing }) => missing),
    };
    let published;
    for (const part of options.parts) {
      const start = Date.now();
      await PARTS[part](results, setting);
      console.log(`Measured ${part} in ${Math.round((Date.now() - start) / 1000)} s.`);
      published = publish(results, document, options);
    }
    appendToHistory(published.document, options);
    console.log(`\n${published.text}`);
  } finally {
    await browser.close();
    server.close();
  }
}

/** The models of this run with their contenders, and the folders to serve. */
function prepareModels(options, peersInstalled) {
  const needed = options.parts.some((part) => part === 'generation' || part === 'load');
  const formats = FORMATS.filter(({ key }) => options.formats.includes(key));
  const models = [DEMO, LARGE]
    .filter(({ key }) => needed && options.models.includes(key))
    .map((model) => ({
      ...model,
      ...contendersOf(model, formats, { peers: options.peers, peersInstalled, kinds: options.contenders }),
    }));
  const counting = options.parts.includes('generation') ? countingModels() : [];
  const folders = Object.assign(
    {
      '/onnx/': options.peers,
      '/onnxruntime/': ONNXRUNTIME,
      '/datasets/': DATASETS,
      [`${LAB_CHECKPOINT}/`]: DEMO_FOLDER,
    },
    ...models.map((model) => model.folders),
    ...counting.map(({ source, folder }) => ({ [`${source}/`]: folder })),
  );
  return { models, counting, folders };
}

/** Results of each part. */
const PARTS = {
  async generation(results, { browser, address, options, models, counting }) {
    const settings = { rounds: options.rounds, decoded: options.decoded };
    for (const model of models) {
      const measured = await measureGeneration(browser, address, model, model.entries, settings);
      addFigures(results, model, measured);
    }
    results.counts = await countDecoding(browser, address, counting);
  },

  async load(results, { browser, address, options, models }) {
    for (const model of models) {
      const entries = options.quick
        ? model.entries.filter(({ key }) => QUICK_LOADS.includes(key))
        : model.entries;
      addFigures(results, model, await measureLoad(browser, address, model, entries, options.rounds));
    }
  },

  async kernels(results, { browser, address, options }) {
    results.kernels = await measureKernels(browser, address, options.quick);
  },

  async factorization(results, { options }) {
    if (options.quick) return;
    results.factorization = await measureFactorization(options.python, options.rounds);
  },

  async lab(results, { browser, address, options, folders }) {
    if (!options.baseline) return;
    await buildPage(join(PAGES, 'baseline'), { source: options.baseline });
    const baseline = await serve({ ...folders, '/': join(PAGES, 'baseline') });
    const formats = FORMATS.filter(({ key }) => LAB_FORMATS.includes(key));
    const text = '/datasets/fairy-tales.test.txt';
    const servers = [address, baseline.address];
    const [milliseconds, baselineMilliseconds] = await measureLab(
      browser,
      LAB_CHECKPOINT,
      text,
      formats,
      servers,
      options.rounds,
    );
    baseline.close();
    results.lab = { milliseconds, baselineMilliseconds };
  },
};

/** Merges figures into those of a model's contenders. */
function addFigures(results, { key, title }, measured) {
  const model = (results.models[key] ??= { title, contenders: {} });
  for (const [contender, figures] of Object.entries(measured)) {
    model.contenders[contender] = { ...model.contenders[contender], ...figures };
  }
}

async function adapterOf(browser, address) {
  const page = await openPage(browser, address);
  const adapter = await page.evaluate(() => window.bench.describeAdapter());
  await closePage(page);
  return adapter;
}

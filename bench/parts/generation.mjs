import { closePage, openPage, peakHeap } from '../browser.mjs';
import { inTurn } from '../in-turn.mjs';

const PROMPT = 64;
/** Short, so that load to first token mostly measures loading. */
const FIRST_PROMPT = 8;
const PREFILLS = [64, 256];
/** Number of tokens over which submissions, dispatches and readbacks are counted. */
const COUNTED = 16;

/**
 * Prefill, decode, memory and multiplications of every contender on one model, each in its own page that stays open,
 * measured alternately.
 * @param {{ rounds: number, decoded: number }} options `decoded`: tokens generated one by one after a prompt of 64
 * @returns {Promise<Record<string, object>>} figures by the contender's key; rates in tokens per second
 */
export async function measureGeneration(browser, address, model, entries, { rounds, decoded }) {
  const pages = [];
  const figures = Object.fromEntries(entries.map(({ key, title }) => [key, { title, rounds }]));
  const record = (name, values) => entries.forEach(({ key }, index) => (figures[key][name] = values[index]));
  for (const entry of entries) {
    const { page, ...memory } = await openLoaded(browser, address, entry, model);
    Object.assign(figures[entry.key], memory);
    pages.push(page);
  }
  for (const length of PREFILLS) {
    const times = await inTurn(pages, rounds, (page) => prefill(page, length, model.vocabulary));
    record(
      `prefill${length}`,
      times.map((time) => length / (time / 1000)),
    );
  }
  const ids = new Map();
  const times = await inTurn(pages, rounds, async (page) => {
    const result = await decode(page, model.vocabulary, decoded);
    ids.set(page, result.ids);
    return result.milliseconds;
  });
  record(
    'decode',
    times.map((time) => decoded / (time / 1000)),
  );
  record(
    'ids',
    pages.map((page) => ids.get(page)),
  );
  for (const [index, { key, kind }] of entries.entries()) {
    figures[key].gpuBytes = await pages[index].evaluate(() => window.contender.gpuBytes());
    if (kind === 'lathe') figures[key].multiplications = await multiplications(pages[index], decoded);
    await closePage(pages[index]);
  }
  return figures;
}

/**
 * Opens a page with a contender, up to its first token, and measures the CPU memory of this. The load is not timed,
 * since sampling the heap takes time.
 */
async function openLoaded(browser, address, entry, model) {
  const page = await openPage(browser, address);
  await openContender(page, entry);
  const peakHeapBytes = await peakHeap(page, () => loadToFirstToken(page, model));
  const webAssemblyBytes = await page.evaluate(() => window.bench.webAssemblyBytes());
  return { page, peakHeapBytes, webAssemblyBytes };
}

/** Loads a contender's code. */
export function openContender(page, { kind, source }) {
  return page.evaluate(([kind, source]) => window.bench.openContender(kind, source), [kind, source]);
}

/** @returns {Promise<number>} milliseconds */
export function loadToFirstToken(page, { vocabulary }) {
  return page.evaluate(
    ([prompt, vocabulary]) => window.contender.loadToFirstToken(prompt, vocabulary),
    [FIRST_PROMPT, vocabulary],
  );
}

function prefill(page, length, vocabulary) {
  return page.evaluate(
    ([length, vocabulary]) => window.contender.prefill(length, vocabulary),
    [length, vocabulary],
  );
}

function decode(page, vocabulary, count) {
  return page.evaluate(
    ([prompt, vocabulary, count]) => window.contender.decode(prompt, vocabulary, count),
    [PROMPT, vocabulary, count],
  );
}

/** Multiplications of the tokens whose rates are measured; for decoding, at the middle token. */
function multiplications(page, decoded) {
  return page.evaluate(
    ([prompt, count]) => ({
      prefill64: window.contender.multiplications(64, 0),
      prefill256: window.contender.multiplications(256, 0),
      decode: window.contender.multiplications(1, prompt + count / 2),
    }),
    [PROMPT, decoded],
  );
}

/**
 * Cost of one decoded token and of one layer of Lathe at the WebGPU interface, from two models that differ only in
 * their number of layers.
 * @returns {Promise<{ submissionsPerToken: number, readbacksPerToken: number, dispatchesPerToken: number,
 *   dispatchesPerLayer: number }>}
 */
export async function countDecoding(browser, address, models) {
  const counts = [];
  for (const model of models) {
    const entry = { kind: 'lathe', source: model.source };
    const { page } = await openLoaded(browser, address, entry, model);
    counts.push(
      await page.evaluate(
        ([prompt, vocabulary, count]) => window.contender.countsPerToken(prompt, vocabulary, count),
        [PROMPT, model.vocabulary, COUNTED],
      ),
    );
    await closePage(page);
  }
  const [shallow, deep] = counts;
  return {
    submissionsPerToken: deep.submissions,
    readbacksPerToken: deep.readbacks,
    dispatchesPerLayer: (deep.dispatches - shallow.dispatches) / (models[1].layers - models[0].layers),
  };
}

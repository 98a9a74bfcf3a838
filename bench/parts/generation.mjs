import { closePage, openPage } from '../browser.mjs';
import { inTurn } from '../in-turn.mjs';

const PROMPT = 64;
const PREFILLS = [64, 256];
const DECODED = 32;

/**
 * Prefill, decode, bytes on the GPU and multiplications of every contender on one model, each in a page of its own that
 * stays open, measured in turn.
 * @returns {Promise<Record<string, object>>} figures by the contender's key; rates in tokens a second
 */
export async function measureGeneration(browser, address, model, entries, rounds) {
  const pages = [];
  for (const entry of entries) pages.push(await openLoaded(browser, address, entry, model));
  const figures = Object.fromEntries(entries.map(({ key, title }) => [key, { title }]));
  const record = (name, values) => entries.forEach(({ key }, index) => (figures[key][name] = values[index]));

  for (const length of PREFILLS) {
    const times = await inTurn(pages, rounds, (page) => prefill(page, length, model.vocabulary));
    record(
      `prefill${length}`,
      times.map((time) => length / (time / 1000)),
    );
  }
  const ids = new Map();
  const times = await inTurn(pages, rounds, async (page) => {
    const decoded = await decode(page, model.vocabulary);
    ids.set(page, decoded.ids);
    return decoded.milliseconds;
  });
  record(
    'decode',
    times.map((time) => DECODED / (time / 1000)),
  );
  record(
    'ids',
    pages.map((page) => ids.get(page)),
  );
  for (const [index, { key, kind }] of entries.entries()) {
    figures[key].gpuBytes = await pages[index].evaluate(() => window.contender.gpuBytes());
    if (kind === 'lathe') figures[key].multiplications = await multiplications(pages[index]);
  }
  for (const page of pages) await closePage(page);
  return figures;
}

/** A page with a contender in it that has given its first token. */
export async function openLoaded(browser, address, entry, model) {
  const page = await openPage(browser, address);
  await openContender(page, entry);
  await loadToFirstToken(page, model);
  return page;
}

/** Fetches a contender's code. */
export function openContender(page, { kind, source }) {
  return page.evaluate(([kind, source]) => window.bench.openContender(kind, source), [kind, source]);
}

/** @returns {Promise<number>} milliseconds */
export function loadToFirstToken(page, { vocabulary }) {
  return page.evaluate(
    ([prompt, vocabulary]) => window.contender.loadToFirstToken(prompt, vocabulary),
    [PROMPT, vocabulary],
  );
}

function prefill(page, length, vocabulary) {
  return page.evaluate(
    ([length, vocabulary]) => window.contender.prefill(length, vocabulary),
    [length, vocabulary],
  );
}

function decode(page, vocabulary) {
  return page.evaluate(
    ([prompt, vocabulary, count]) => window.contender.decode(prompt, vocabulary, count),
    [PROMPT, vocabulary, DECODED],
  );
}

/** Of the same tokens that the rates are measured on; decoding at the middle of its 32 tokens. */
function multiplications(page) {
  return page.evaluate(
    ([prompt, count]) => ({
      prefill64: window.contender.multiplications(64, 0),
      prefill256: window.contender.multiplications(256, 0),
      decode: window.contender.multiplications(1, prompt + count / 2),
    }),
    [PROMPT, DECODED],
  );
}

/**
 * What one decoded token and one layer of Lathe cost at the WebGPU interface: two models that differ in their layers only.
 * @returns {Promise<{ submissionsPerToken: number, readbacksPerToken: number, dispatchesPerToken: number, dispatchesPerLayer: number }>}
 */
export async function countDecoding(browser, address, models) {
  const counts = [];
  for (const model of models) {
    const entry = { kind: 'lathe', source: model.source };
    const page = await openLoaded(browser, address, entry, model);
    counts.push(
      await page.evaluate(
        ([prompt, vocabulary, count]) => window.contender.countsPerToken(prompt, vocabulary, count),
        [PROMPT, model.vocabulary, DECODED],
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

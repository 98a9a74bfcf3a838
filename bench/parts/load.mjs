import { closePage, openPage, peakHeap } from '../browser.mjs';
import { inTurn } from '../in-turn.mjs';
import { loadToFirstToken, openContender } from './generation.mjs';

/**
 * Load to first token in a fresh page each time, in turn, and the greatest JS heap seen in one further load (looking at the
 * heap takes time of its own).
 * @returns {Promise<Record<string, { loadMilliseconds: number, peakHeapBytes: number }>>} by the contender's key
 */
export async function measureLoad(browser, address, model, entries, rounds) {
  const inFreshPage = async (entry, measure) => {
    const page = await openPage(browser, address);
    try {
      await openContender(page, entry);
      return await measure(page);
    } finally {
      await closePage(page);
    }
  };
  const times = await inTurn(entries, rounds, (entry) =>
    inFreshPage(entry, (page) => loadToFirstToken(page, model)),
  );
  const figures = {};
  for (const [index, entry] of entries.entries()) {
    const peakHeapBytes = await inFreshPage(entry, (page) =>
      peakHeap(page, () => loadToFirstToken(page, model)),
    );
    figures[entry.key] = { loadMilliseconds: times[index], peakHeapBytes };
  }
  return figures;
}

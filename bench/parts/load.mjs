import { closePage, openPage } from '../browser.mjs';
import { inTurn } from '../in-turn.mjs';
import { loadToFirstToken, openContender } from './generation.mjs';

/**
 * Load to first token, each time in a fresh page with empty caches, alternately.
 * @returns {Promise<Record<string, { loadMilliseconds: number }>>} by the contender's key
 */
export async function measureLoad(browser, address, model, entries, rounds) {
  const medians = await inTurn(entries, rounds, async (entry) => {
    const page = await openPage(browser, address);
    await openContender(page, entry);
    const milliseconds = await loadToFirstToken(page, model);
    await closePage(page);
    return milliseconds;
  });
  return Object.fromEntries(
    entries.map(({ key, title }, index) => [key, { title, loadMilliseconds: medians[index] }]),
  );
}

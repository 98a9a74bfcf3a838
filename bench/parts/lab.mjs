import { closePage, openPage } from '../browser.mjs';
import { recipeOf } from '../formats.mjs';
import { inTurn } from '../in-turn.mjs';

/**
 * Compressing the demo and evaluating base and variant on 4,096 tokens as on the page: this version and the first one
 * alternately, with the same calls over the same interface, through a worker.
 * @param {string} checkpoint address of the demo
 * @param {readonly object[]} formats whose recipes are used; their times are summed
 * @param {readonly string[]} servers addresses of the builds
 * @returns {Promise<number[]>} median milliseconds in the order of the servers
 */
export async function measureLab(browser, checkpoint, text, formats, servers, rounds) {
  const pages = [];
  for (const address of servers) {
    const page = await openPage(browser, address);
    await page.evaluate(async (checkpoint) => (await window.bench.lab()).openLab(checkpoint), checkpoint);
    pages.push(page);
  }
  const recipes = formats.map(recipeOf);
  const medians = await inTurn(pages, rounds, async (page) => {
    let total = 0;
    for (const recipe of recipes) {
      total += await page.evaluate(
        async ([recipe, text]) => (await window.bench.lab()).compressAndEvaluate(recipe, text),
        [recipe, text],
      );
    }
    return total;
  });
  for (const page of pages) await closePage(page);
  return medians;
}

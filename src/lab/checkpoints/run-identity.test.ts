import { expect, test } from 'vitest';
import { METHODS } from '../../compression/methods';
import { checkRecipe } from '../../compression/recipe/recipe';
import { folderFiles } from '../../testing/folder-checkpoint';
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { openCheckpoint } from '../../checkpoint/open-checkpoint';
import type { DataSet } from '../protocol/protocol';
import { checkpointIdentity, resultIdentity, runIdentity } from './run-identity';

const lowRank = { method: 'low-rank', targets: ['Linear'], parameters: { rank: 2 } };
const distilled = { method: 'knowledge-distillation', targets: ['Linear'] };
const gptq = { method: 'gptq', targets: ['Linear'], parameters: { bits: 4 } };
const least = { ...lowRank, targets: { leastSensitive: 0.5 } };
const texts: Record<string, string> = { learn: 'to learn', look: 'to look at' };

/** Identity of the result of a recipe's first `count` steps. */
async function idOf(steps: readonly object[], count: number, change: object = {}, contents = texts) {
  const calibration = { text: 'look' };
  const recipe = checkRecipe(
    { name: 'r', steps, calibration, training: { text: 'learn' }, ...change },
    METHODS,
  );
  const named = (name: string): DataSet => ({ name, kind: 'text', content: contents[name] });
  return resultIdentity('checkpoint', recipe, recipe.steps.slice(0, count), named);
}

test('a result depends on its steps, their settings and texts, and not on later steps', async () => {
  const id = await idOf([lowRank, distilled], 2);
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(await idOf([lowRank, distilled, gptq], 2)).toBe(id);
  expect(await idOf([lowRank, { ...distilled, parameters: {} }], 2, { name: 'other' })).toBe(id);
  expect(await idOf([{ ...lowRank, parameters: { rank: 3 } }, distilled], 2)).not.toBe(id);
  expect(await idOf([lowRank, { ...distilled, ignore: ['re:.*fc'] }], 2)).not.toBe(id);
  expect(await idOf([lowRank, distilled], 2, { training: { text: 'learn', seed: 1 } })).not.toBe(id);
  expect(await idOf([lowRank, distilled], 2, {}, { ...texts, learn: 'other' })).not.toBe(id);
  const ownText = { ...distilled, training: { text: 'look' } };
  expect(await idOf([lowRank, ownText], 2)).not.toBe(id);
  expect(await idOf([lowRank, ownText], 2, {}, { ...texts, learn: 'other' })).toBe(
    await idOf([lowRank, ownText], 2),
  );
});

test('the calibration text and the sensitivities matter if a step uses them', async () => {
  const other = { ...texts, look: 'other' };
  expect(await idOf([lowRank, distilled, gptq], 2, {}, other)).toBe(
    await idOf([lowRank, distilled, gptq], 2),
  );
  expect(await idOf([gptq, distilled], 2, {}, other)).not.toBe(await idOf([gptq, distilled], 2));
  const sensitivities = [{ a: 1 }, { a: 2 }].map((sensitivities) => ({ sensitivities }));
  const [plain, byShare] = [
    [lowRank, distilled],
    [least, distilled],
  ].map((steps) => Promise.all(sensitivities.map((change) => idOf(steps, 2, change))));
  expect(new Set(await plain).size).toBe(1);
  expect(new Set(await byShare).size).toBe(2);
});

test('a run differs from its result and does not depend on later steps', async () => {
  const named = (name: string): DataSet => ({ name, kind: 'text', content: texts[name] });
  const runOf = async (...steps: object[]) => {
    const recipe = checkRecipe({ name: 'r', steps, training: { text: 'learn' } }, METHODS);
    return runIdentity('checkpoint', recipe, recipe.steps.slice(0, 2), named);
  };
  const run = await runOf(lowRank, distilled);
  expect(run).not.toBe(await idOf([lowRank, distilled], 2));
  expect(await runOf(lowRank, distilled, gptq)).toBe(run);
  expect(await runOf({ ...lowRank, parameters: { rank: 3 } }, distilled)).not.toBe(run);
});

test('a checkpoint differs if one value of any tensor, or its config, differs', async () => {
  const checkpoint = await openCheckpoint(await folderFiles('src/testing/fixtures/tiny-gpt2'));
  const identity = await checkpointIdentity(checkpoint);
  const withLastByteOf = (changed: string): Checkpoint => ({
    ...checkpoint,
    tensors: new Map(
      [...checkpoint.tensors].map(([name, entry]) => {
        const readBytes = async (start = 0, end = entry.byteLength) => {
          const bytes = (await entry.readBytes(start, end)).slice();
          if (name === changed && end === entry.byteLength) bytes[bytes.length - 1] ^= 1;
          return bytes;
        };
        return [name, { ...entry, readBytes }];
      }),
    ),
  });
  const identities = await Promise.all(
    [...checkpoint.tensors.keys()].map((name) => checkpointIdentity(withLastByteOf(name))),
  );
  expect(new Set([identity, ...identities]).size).toBe(checkpoint.tensors.size + 1);
  const config = { ...checkpoint.config, layer_norm_epsilon: 0.1 };
  expect(await checkpointIdentity({ ...checkpoint, config })).not.toBe(identity);
  expect(await checkpointIdentity({ ...checkpoint, name: 'renamed' })).toBe(identity);
});

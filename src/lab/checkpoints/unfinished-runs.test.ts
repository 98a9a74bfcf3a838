import { expect, test } from 'vitest';
import { memoryFiles } from '../../testing/memory-files';
import { RunFiles } from './run-files';
import { UnfinishedRuns } from './unfinished-runs';
import type { Recipe } from '../protocol/protocol';

const state = Uint8Array.of(1, 2, 3);
const recipeOf = (name: string): Recipe => ({ name, steps: [] });
const run = (letter: string, recipe: string) => ({
  id: letter.repeat(64),
  checkpoint: 'checkpoint',
  recipe: recipeOf(recipe),
});

test('a recipe is listed with its current step and discarded as a whole', async () => {
  const files = memoryFiles();
  const runs = new UnfinishedRuns(new RunFiles(files));
  await runs.write(run('a', 'two steps'), 1, { step: 9, steps: 9 }, state);
  await runs.write(run('b', 'two steps'), 2, { step: 4, steps: 9 }, state);
  await runs.write(run('c', 'another'), 1, { step: 1, steps: 9 }, state);
  const unfinished = await runs.of('checkpoint');
  expect(unfinished.map(({ recipe, step }) => [recipe.name, step]).sort()).toEqual([
    ['another', 1],
    ['two steps', 4],
  ]);
  expect(await runs.of('another checkpoint')).toEqual([]);
  await runs.discard(run('b', '').id);
  expect([...files.contents.keys()]).toEqual([`${'c'.repeat(64)}-1`]);
  expect(await runs.read(run('c', '').id, 1)).toEqual(state);
});

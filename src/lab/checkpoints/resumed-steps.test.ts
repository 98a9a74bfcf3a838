import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { installNodeGpu } from '../../engines/webgpu/node-gpu';
import { folderFiles } from '../../testing/folder-checkpoint';
import { memoryFiles } from '../../testing/memory-files';
import { memorySink } from '../../testing/memory-sink';
import { TALE } from '../../testing/tales';
import { LatheLab } from '../lab';
import type { Recipe, RecipeStep, TrainingPoint } from '../protocol/protocol';

const fixture = join(import.meta.dirname, '../../testing/fixtures/tiny-gpt2');
const lowRank: RecipeStep = { method: 'low-rank', targets: ['Linear'], parameters: { rank: 2 } };
const training = { batchSize: 1, sequenceLength: 8, warmupSteps: 0, evaluateEvery: 1, keepStateEvery: 1 };
const distilled = (steps: number, seed = 0): RecipeStep => ({
  method: 'knowledge-distillation',
  targets: ['Linear'],
  parameters: { ...training, steps, seed },
});
const rounded: RecipeStep = { method: 'round-to-nearest', targets: ['Linear'], parameters: { bits: 8 } };
const recipeOf = (...steps: RecipeStep[]): Recipe => ({
  name: 'trained',
  steps: [lowRank, ...steps],
  training: { text: TALE.name },
});

const files = memoryFiles();
let lab: LatheLab;

beforeAll(async () => {
  installNodeGpu();
  lab = new LatheLab({}, files);
  await lab.openDevice();
  await startAfresh();
});

afterEach(startAfresh);

afterAll(() => lab.endSession());

/** Starts without variants and stored files. */
async function startAfresh(): Promise<void> {
  files.contents.clear();
  await lab.openCheckpoint(await folderFiles(fixture));
  await lab.provideText(TALE);
}

async function weightsOf(recipe: Recipe): Promise<Uint8Array> {
  const { id } = await lab.compress(recipe);
  const { sink, files: written } = memorySink();
  await lab.export(id, 'lathe', sink);
  const weights = (await written()).find(({ path }) => path.endsWith('model.safetensors'))!;
  return new Uint8Array(await weights.blob.arrayBuffer());
}

/** Trains until a point satisfies the condition, then interrupts the run. */
async function breakOff(recipe: Recipe, at: (point: TrainingPoint) => boolean): Promise<void> {
  const controller = new AbortController();
  const onTraining = (point: TrainingPoint) => {
    if (at(point)) controller.abort();
  };
  await expect(lab.compress(recipe, { signal: controller.signal, onTraining })).rejects.toThrow(/abort/i);
}

test('an interrupted second step resumes, and the first, which was ended early, is not trained again', async () => {
  const [first, second] = [distilled(10_000), distilled(6, 1)];
  await breakOff(recipeOf(first, second), ({ steps, step }) => {
    if (steps === 10_000 && step > 1) void lab.controlTraining('finish').catch(() => undefined);
    return steps === 6 && step >= 3;
  });
  const [{ recipe, step, steps }, ...others] = await lab.unfinishedTraining();
  expect(others).toEqual([]);
  expect(steps).toBe(6);
  expect(recipe.steps[1].parameters?.stopAfter).toBeGreaterThan(1);

  const points: TrainingPoint[] = [];
  const resumed = await lab.compress(recipe, { onTraining: (point) => points.push(point) });
  const notesOf = (count: number) => points.flatMap((point) => (point.steps === count && point.note) || []);
  expect(notesOf(10_000)).toEqual([expect.stringContaining('Reused the result of')]);
  expect(notesOf(6)).toEqual([`The run resumed at step ${step}.`]);
  expect(await lab.unfinishedTraining()).toEqual([]);
  const weights = await weightsOf(resumed.recipe);
  files.contents.clear();
  expect(await weightsOf(recipe)).toEqual(weights);
});

test('a recipe with added steps resumes an interrupted run', async () => {
  const longer = recipeOf(distilled(6), rounded);
  const expected = await weightsOf(longer);
  files.contents.clear();
  await breakOff(recipeOf(distilled(6)), ({ step }) => step >= 3);
  const [{ step }] = await lab.unfinishedTraining();
  expect(step).toBeGreaterThan(0);
  const points: TrainingPoint[] = [];
  await lab.compress(longer, { onTraining: (point) => points.push(point) });
  expect(points.flatMap(({ note }) => note ?? [])).toEqual([`The run resumed at step ${step}.`]);
  expect(await weightsOf(longer)).toEqual(expected);
  expect(await lab.unfinishedTraining()).toEqual([]);
});

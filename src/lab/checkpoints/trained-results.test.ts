import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { currentGpu } from '../../engines/webgpu/device';
import { installNodeGpu } from '../../engines/webgpu/node-gpu';
import { folderFiles } from '../../testing/folder-checkpoint';
import { memoryFiles } from '../../testing/memory-files';
import { memorySink } from '../../testing/memory-sink';
import { TALE } from '../../testing/tales';
import { LatheLab } from '../lab';
import type { Recipe, RecipeStep, TrainingPoint, VariantInfo } from '../protocol/protocol';
import { trainingRecord } from '../report/training-record';

const fixtures = join(import.meta.dirname, '../../testing/fixtures');
const lowRank: RecipeStep = { method: 'low-rank', targets: ['Linear'], parameters: { rank: 2 } };
const distilled: RecipeStep = {
  method: 'knowledge-distillation',
  targets: ['Linear'],
  parameters: { steps: 3, batchSize: 1, sequenceLength: 8, warmupSteps: 0, evaluateEvery: 1 },
};
const rounded: RecipeStep = { method: 'round-to-nearest', targets: ['Linear'], parameters: { bits: 8 } };
const recipe: Recipe = { name: 'trained', steps: [lowRank, distilled], training: { text: TALE.name } };
const longer: Recipe = { ...recipe, name: 'rounded', steps: [lowRank, distilled, rounded] };

const REUSED = /Reused the result of \d+ \w+ 20\d\d, \d\d:\d\d, 3 steps\./;

const files = memoryFiles();
let lab: LatheLab;
/** Result of the whole recipe, with a step after the training, made without a cache. */
let expected: Uint8Array;

// All tests share one device, because a new one compiles every kernel again.
beforeAll(async () => {
  installNodeGpu();
  lab = await openLab();
  expected = await weightsOf(await lab.compress(longer));
  await startAfresh();
});

afterEach(startAfresh);

afterAll(() => lab.endSession());

async function openLab(): Promise<LatheLab> {
  const opened = new LatheLab({}, files);
  await opened.openDevice();
  await opened.openCheckpoint(await tinyFiles());
  await opened.provideText(TALE);
  return opened;
}

/** Starts without variants and stored files. */
async function startAfresh(): Promise<void> {
  files.contents.clear();
  await lab.openCheckpoint(await tinyFiles());
  await lab.provideText(TALE);
}

function tinyFiles() {
  return folderFiles(join(fixtures, 'tiny-gpt2'));
}

async function weightsOf({ id }: VariantInfo): Promise<Uint8Array> {
  const { sink, files: written } = memorySink();
  await lab.export(id, 'lathe', sink);
  const weights = (await written()).find(({ path }) => path.endsWith('model.safetensors'))!;
  return new Uint8Array(await weights.blob.arrayBuffer());
}

/** Returns a variant and the messages about its training. */
async function compress(recipe: Recipe) {
  const points: TrainingPoint[] = [];
  const info = await lab.compress(recipe, { onTraining: (point) => points.push(point) });
  const notes = points.flatMap(({ note }) => note ?? []);
  return { info, points, notes, isReused: notes.some((note) => REUSED.test(note)) };
}

const curveOf = (points: readonly TrainingPoint[]) =>
  points.map(({ step, trainingLoss, heldOutLoss }) => [step, trainingLoss, heldOutLoss]);

describe('a training result', () => {
  test('is reused in another lab: the same bits, with the curve, the date and the time it took', async () => {
    const first = await compress(recipe);
    expect(first).toMatchObject({ isReused: false, notes: [] });
    const weights = await weightsOf(first.info);
    lab.endSession();
    lab = await openLab();
    const again = await compress({ ...recipe, name: 'renamed' });
    expect(again.isReused).toBe(true);
    expect(curveOf(again.points)).toEqual(curveOf(first.points));
    expect(first.info.training).toEqual([trainingRecord(1, first.points)]);
    expect(again.info.training).toEqual(first.info.training);
    expect(await weightsOf({ ...again.info, id: (await lab.compress(recipe)).id })).toEqual(weights);
    expect(again.info.size.parameters).toBe(first.info.size.parameters);
    expect(again.info.layers).toEqual(first.info.layers);
    expect(again.info.seconds).toBeGreaterThan(first.info.seconds / 2);
  });

  test('starts a recipe with a further step, which gives the same bits as the whole recipe', async () => {
    await compress(recipe);
    const { info, isReused } = await compress(longer);
    expect(isReused).toBe(true);
    expect(await weightsOf(info)).toEqual(expected);
  });

  test('is reused after a device loss, and a note says so', async () => {
    const { info } = await compress(longer);
    const lost = new Promise<string>((resolve) => void lab.onDeviceLost(resolve));
    currentGpu().device.destroy();
    await lost;
    const train = vi.spyOn(await import('../../train/train'), 'train');
    installNodeGpu();
    const points: TrainingPoint[] = [];
    await lab.openDevice({ onTraining: (point) => points.push(point) });
    expect(train).not.toHaveBeenCalled();
    expect(points.at(-1)?.note).toContain('Reused the result of');
    expect(await weightsOf(info)).toEqual(expected);
  });

  test('is cached for each training step: a change in the second trains only that one', async () => {
    const two: Recipe = { ...recipe, steps: [lowRank, distilled, { ...distilled, targets: ['re:.*wte'] }] };
    const { training } = (await compress(two)).info;
    expect(training).toMatchObject([
      { recipeStep: 1, stepsMade: 3, steps: 3, heldOutLosses: { length: 4 } },
      { recipeStep: 2, stepsMade: 3, steps: 3, heldOutLosses: { length: 4 } },
    ]);
    expect((await compress(two)).info.training).toEqual(training);
    expect(await lab.finishedTraining()).toMatchObject([
      { recipe: { steps: { length: 3 } }, steps: 3, model: 'tiny-gpt2' },
      { recipe: { steps: { length: 2 } }, steps: 3 },
    ]);
    const changed = { ...distilled, parameters: { ...distilled.parameters, seed: 7 } };
    const { info, isReused, points } = await compress({ ...two, steps: [lowRank, distilled, changed] });
    expect(isReused).toBe(true);
    // The cached curve, then the curve of the step that trained.
    expect(points.map(({ step }) => step)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    expect(info.training).toEqual([training![0], trainingRecord(2, points.slice(4))]);
  });

  test('of a run that was ended early is found by the recipe with stopAfter', async () => {
    const long = { ...distilled, parameters: { ...distilled.parameters, steps: 10_000 } };
    const onTraining = ({ step }: TrainingPoint) => {
      if (step > 1) void lab.controlTraining('finish').catch(() => undefined);
    };
    const ended = await lab.compress({ ...recipe, steps: [lowRank, long] }, { onTraining });
    const stopAfter = ended.recipe.steps[1].parameters?.stopAfter;
    const again = await compress(ended.recipe);
    expect(again.notes.join()).toContain(`, ${stopAfter as number} steps.`);
    expect(again.info.recipe).toEqual(ended.recipe);
    expect(await weightsOf(again.info)).toEqual(await weightsOf(ended));
  });
});

describe('is not reused', () => {
  const changed = (parameters: object): Recipe => ({
    ...recipe,
    steps: [lowRank, { ...distilled, parameters: { ...distilled.parameters, ...parameters } }],
  });

  test.each<[string, Recipe]>([
    ['another setting of the training', changed({ seed: 1 })],
    ['fewer of its steps', changed({ stopAfter: 2 })],
    ['another step before it', { ...recipe, steps: [{ ...lowRank, parameters: { rank: 3 } }, distilled] }],
    ['other targets', { ...recipe, steps: [{ ...lowRank, targets: ['re:.*c_fc'] }, distilled] }],
    ['another share held out', { ...recipe, training: { text: TALE.name, heldOutShare: 0.3 } }],
  ])('by %s', async (_, other) => {
    await compress(recipe);
    expect((await compress(other)).isReused).toBe(false);
  });

  test('for another text of the same name, but is for the same text under another name', async () => {
    await compress(recipe);
    await lab.provideText({ ...TALE, name: 'copy.txt' });
    expect((await compress({ ...recipe, training: { text: 'copy.txt' } })).isReused).toBe(true);
    await lab.provideText({ ...TALE, content: `${TALE.content} The end.` });
    expect((await compress(recipe)).isReused).toBe(false);
  });

  test('if its file was changed, truncated or replaced: a note says so, and it is cached again', async () => {
    await compress(recipe);
    const [name] = [...files.contents.keys()].filter((file) => file.endsWith('-result'));
    const whole = files.contents.get(name)!;
    const flipped = whole.slice();
    flipped[whole.length - 5] ^= 1;
    for (const bytes of [
      flipped,
      whole.slice(0, 40),
      new TextEncoder().encode('my notes'),
      whole.slice(0, 2),
    ]) {
      files.contents.set(name, bytes);
      const { isReused, notes } = await compress(recipe);
      expect(isReused).toBe(false);
      expect(notes[0]).toMatch(
        /The stored result of an earlier run cannot be read \(.*\), so it is trained again\./,
      );
      expect(files.contents.get(name)!.length).toBeGreaterThan(1000);
    }
  });
});

test('unrelated files in the folder are left alone', async () => {
  const notes = new TextEncoder().encode('my notes');
  for (const name of ['notes.txt', `${'0'.repeat(64)}-result`, `${'0'.repeat(64)}-1`])
    files.contents.set(name, notes);
  expect(await lab.unfinishedTraining()).toEqual([]);
  expect(await lab.finishedTraining()).toEqual([]);
  await compress(recipe);
  const [{ id }] = await lab.finishedTraining();
  await lab.forgetTraining(id);
  expect(await lab.finishedTraining()).toEqual([]);
  expect([...files.contents.keys()]).toContain('notes.txt');
});

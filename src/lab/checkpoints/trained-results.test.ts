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

const TAKEN = /Taken from the run of \d+ \w+ 20\d\d, \d\d:\d\d, 3 steps\./;

const files = memoryFiles();
let lab: LatheLab;
/** Of the whole recipe with a step after the training, nothing of which was kept. */
let expected: Uint8Array;

// One device for all: on a new one every kernel is compiled anew.
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

/** Without variants, and with nothing kept. */
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

/** A variant and what was said of its training. */
async function compress(wanted: Recipe) {
  const points: TrainingPoint[] = [];
  const info = await lab.compress(wanted, { onTraining: (point) => points.push(point) });
  const notes = points.flatMap(({ note }) => note ?? []);
  return { info, points, notes, isTaken: notes.some((note) => TAKEN.test(note)) };
}

const curveOf = (points: readonly TrainingPoint[]) =>
  points.map(({ step, trainingLoss, heldOutLoss }) => [step, trainingLoss, heldOutLoss]);

describe('what training came to', () => {
  test('is taken in another lab: the same bits, the curve told again, from when, and what it took', async () => {
    const first = await compress(recipe);
    expect(first).toMatchObject({ isTaken: false, notes: [] });
    const weights = await weightsOf(first.info);
    lab.endSession();
    lab = await openLab();
    const again = await compress({ ...recipe, name: 'renamed' });
    expect(again.isTaken).toBe(true);
    expect(curveOf(again.points)).toEqual(curveOf(first.points));
    expect(first.info.training).toEqual([trainingRecord(1, first.points)]);
    expect(again.info.training).toEqual(first.info.training);
    expect(await weightsOf({ ...again.info, id: (await lab.compress(recipe)).id })).toEqual(weights);
    expect(again.info.size.parameters).toBe(first.info.size.parameters);
    expect(again.info.layers).toEqual(first.info.layers);
    expect(again.info.seconds).toBeGreaterThan(first.info.seconds / 2);
  });

  test('is what a recipe with a further step begins with, which comes to the same bits as the whole', async () => {
    await compress(recipe);
    const { info, isTaken } = await compress(longer);
    expect(isTaken).toBe(true);
    expect(await weightsOf(info)).toEqual(expected);
  });

  test('of a lost device is there at once, and that is said', async () => {
    const { info } = await compress(longer);
    const lost = new Promise<string>((resolve) => void lab.onDeviceLost(resolve));
    currentGpu().device.destroy();
    await lost;
    const train = vi.spyOn(await import('../../train/train'), 'train');
    installNodeGpu();
    const points: TrainingPoint[] = [];
    await lab.openDevice({ onTraining: (point) => points.push(point) });
    expect(train).not.toHaveBeenCalled();
    expect(points.at(-1)?.note).toContain('Taken from the run of');
    expect(await weightsOf(info)).toEqual(expected);
  });

  test('of each step that trains is kept: a change in the second trains that one alone', async () => {
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
    const { info, isTaken, points } = await compress({ ...two, steps: [lowRank, distilled, changed] });
    expect(isTaken).toBe(true);
    // The curve of the one that was taken, then that of the one that trained.
    expect(points.map(({ step }) => step)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    expect(info.training).toEqual([training![0], trainingRecord(2, points.slice(4))]);
  });

  test('of a run that was ended early is found by the recipe that says so', async () => {
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

describe('is trained anew', () => {
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
    expect((await compress(other)).isTaken).toBe(false);
  });

  test('by another text of the same name, but not by the same under another', async () => {
    await compress(recipe);
    await lab.provideText({ ...TALE, name: 'copy.txt' });
    expect((await compress({ ...recipe, training: { text: 'copy.txt' } })).isTaken).toBe(true);
    await lab.provideText({ ...TALE, content: `${TALE.content} The end.` });
    expect((await compress(recipe)).isTaken).toBe(false);
  });

  test('where the file was changed, is cut off, or is another: it says so, and is kept anew', async () => {
    await compress(recipe);
    const [name] = [...files.contents.keys()].filter((each) => each.endsWith('-result'));
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
      const { isTaken, notes } = await compress(recipe);
      expect(isTaken).toBe(false);
      expect(notes[0]).toMatch(/What an earlier run came to cannot be read \(.*\), so it is trained again\./);
      expect(files.contents.get(name)!.length).toBeGreaterThan(1000);
    }
  });
});

test('files of others in the folder are left alone', async () => {
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

import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CompressionMethod } from '../compression/method';
import * as Methods from '../compression/methods';
import { installNodeGpu } from '../engines/webgpu/node-gpu';
import { counting, countingMethod } from '../testing/counting-method';
import { folderFiles } from '../testing/folder-checkpoint';
import { memoryFiles } from '../testing/memory-files';
import { OTHER_TALE, TALE } from '../testing/tales';
import { LatheLab } from './lab';
import type { DataSet, EvaluationRequest, Recipe, TrainingPoint } from './protocol/protocol';

const fixtures = join(import.meta.dirname, '../testing/fixtures');
const request: EvaluationRequest = {
  evaluation: 'perplexity',
  data: OTHER_TALE,
  parameters: { window: 32, stride: 32 },
};
const step = { method: 'counting', targets: ['Linear'], parameters: {} };
const recipe: Recipe = { name: 'counted', steps: [step], training: { text: TALE.name } };

let files: ReturnType<typeof memoryFiles>;
let lab: LatheLab;

// The registries, with a method of the test's own.
const { METHODS, METHOD_GROUPS } = Methods;
const method = countingMethod as CompressionMethod;
beforeAll(() => {
  vi.spyOn(Methods, 'METHODS', 'get').mockReturnValue([...METHODS, method]);
  const groups = [...METHOD_GROUPS, { title: 'Test', methods: [method] }];
  vi.spyOn(Methods, 'METHOD_GROUPS', 'get').mockReturnValue(groups);
});
afterAll(() => void vi.restoreAllMocks());

beforeEach(async () => {
  Object.assign(counting, { breaksAt: Infinity, sums: [], firstSteps: [] });
  installNodeGpu();
  files = memoryFiles();
  lab = await openLab();
});

afterEach(() => lab.endSession());

async function openLab(name = 'tiny-gpt2'): Promise<LatheLab> {
  const opened = new LatheLab({}, files);
  await opened.openDevice();
  await opened.openCheckpoint(await folderFiles(join(fixtures, name)));
  await opened.provideText(TALE);
  return opened;
}

/** Deletes results, so that the next run trains again. */
async function forgetResults(): Promise<void> {
  for (const { id } of await lab.finishedTraining()) await lab.forgetTraining(id);
}

describe('a recipe that trains', () => {
  test('is recognized by its method, and reports what is missing', async () => {
    expect((await lab.methods()).filter(({ id }) => id === 'counting')[0].trains).toBe(true);
    expect((await lab.methods()).filter(({ id }) => id === 'low-rank')[0].trains).toBe(false);
    expect((await lab.checkRecipe(recipe)).needsTraining).toBe(true);
    await expect(lab.compress({ ...recipe, training: undefined })).rejects.toThrow(
      'This recipe needs a training text and names none; choose one, as "training": {"text": "…"}.',
    );
    await expect(lab.compress({ ...recipe, training: { text: 'lost.txt' } })).rejects.toThrow(
      'The training text lost.txt was not provided',
    );
    await expect(lab.compress({ ...recipe, training: { text: TALE.name, share: 1 } })).rejects.toThrow(
      'unknown key "share"',
    );
  });

  test('stores everything that reproduces it, and reports its run', async () => {
    const points: TrainingPoint[] = [];
    const info = await lab.compress(recipe, { onTraining: (point) => points.push(point) });
    expect(info.recipe.training).toEqual({ text: TALE.name, heldOutShare: 0.02, seed: 0 });
    expect(points.map((point) => point.step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(info.training).toMatchObject([{ recipeStep: 0, stepsMade: 6 }]);
    await forgetResults();
    await lab.compress(info.recipe);
    expect(counting.sums[1]).toBe(counting.sums[0]);
    const plain: Recipe = {
      name: 'plain',
      steps: [{ method: 'low-rank', targets: ['Linear'], parameters: { rank: 2 } }],
      training: { text: TALE.name },
    };
    const untrained = await lab.compress(plain);
    expect([untrained.recipe.training, untrained.training]).toEqual([undefined, undefined]);
  });

  test('a text is for training or for evaluation, never for both', async () => {
    const info = await lab.compress(recipe);
    await expect(lab.evaluate([info.id], { ...request, data: TALE })).rejects.toThrow(
      /counted was trained on tale.txt, which shares a passage with tale.txt/,
    );
    await lab.evaluate([info.id], request);
    await lab.provideText(OTHER_TALE);
    await expect(lab.compress({ ...recipe, training: { text: OTHER_TALE.name } })).rejects.toThrow(
      'train on a text that is not used for evaluation',
    );
  });

  test('a text in another language gives a warning with the first point', async () => {
    await lab.openCheckpoint(await folderFiles(join(fixtures, 'tiny-bert')));
    const foreign: DataSet = {
      name: 'skazki.txt',
      kind: 'text',
      content: 'Жил-был царь в саду. '.repeat(20),
    };
    await lab.provideText(foreign);
    const points: TrainingPoint[] = [];
    await lab.compress(
      { ...recipe, training: { text: foreign.name } },
      { onTraining: (point) => points.push(point) },
    );
    expect(points[0].note).toMatch(/\d % of the tokens of skazki.txt are unknown/);
    expect(points.slice(1).every(({ note }) => note === undefined)).toBe(true);
  });
});

describe('a run', () => {
  /** Runs the recipe and records its reported points. */
  function start(signal?: AbortSignal) {
    const points: TrainingPoint[] = [];
    const long: Recipe = { ...recipe, steps: [{ ...step, parameters: { steps: 1_000_000 } }] };
    const ended = lab.compress(long, { signal, onTraining: (point) => points.push(point) });
    return { points, ended };
  }

  test('pauses, resumes and ends early with its current state', async () => {
    await expect(lab.controlTraining('pause')).rejects.toThrow('No training is running');
    const { points, ended } = start();
    await vi.waitFor(() => expect(points.length).toBeGreaterThan(2));
    await lab.controlTraining('pause');
    await vi.waitFor(async () => {
      const before = points.length;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(points.length).toBe(before);
    });
    const paused = points.length;
    await lab.controlTraining('resume');
    await vi.waitFor(() => expect(points.length).toBeGreaterThan(paused));
    await lab.controlTraining('finish');
    expect((await ended).name).toBe('counted');
    expect(await lab.unfinishedTraining()).toEqual([]);
  });

  test('that was ended early states so in its recipe, which reproduces the variant', async () => {
    const parameters = { steps: 200, batchSize: 1, sequenceLength: 8, evaluateEvery: 200 };
    const distilled: Recipe = {
      name: 'distilled',
      steps: [
        { method: 'low-rank', targets: ['Linear'], parameters: { rank: 2 } },
        { method: 'knowledge-distillation', targets: ['Linear'], parameters },
      ],
      training: { text: TALE.name },
    };
    const onTraining = ({ step }: TrainingPoint) => {
      if (step > 2) void lab.controlTraining('finish').catch(() => undefined);
    };
    const ended = await lab.compress(distilled, { onTraining });
    const stopAfter = ended.recipe.steps[1].parameters?.stopAfter;
    expect(stopAfter).toBeGreaterThan(2);
    expect(stopAfter).toBeLessThan(200);
    await forgetResults();
    const again = await lab.compress(ended.recipe);
    const metrics = await lab.evaluate([ended.id, again.id], request);
    expect(metrics[again.id]).toEqual(metrics[ended.id]);
  });

  test('can be cancelled while paused', async () => {
    const controller = new AbortController();
    const { points, ended } = start(controller.signal);
    const refused = expect(ended).rejects.toMatchObject({ name: 'AbortError' });
    await vi.waitFor(() => expect(points.length).toBeGreaterThan(2));
    await lab.controlTraining('pause');
    controller.abort();
    await refused;
    await expect(lab.controlTraining('resume')).rejects.toThrow('nothing to resume');
  });

  test('that was interrupted resumes from its saved state in another lab, with the same result', async () => {
    await lab.compress(recipe);
    await forgetResults();
    counting.breaksAt = 5;
    await expect(lab.compress(recipe)).rejects.toThrow('The tab was closed.');
    const [unfinished] = await lab.unfinishedTraining();
    expect(unfinished).toMatchObject({ recipe: { name: 'counted' }, step: 4, steps: 6 });
    lab.endSession();
    lab = await openLab();
    expect(await lab.unfinishedTraining()).toEqual([unfinished]);
    await lab.compress({ ...unfinished.recipe, name: 'renamed' });
    expect(counting.firstSteps).toEqual([0, 0, 4]);
    expect(counting.sums[1]).toBe(counting.sums[0]);
    expect(await lab.unfinishedTraining()).toEqual([]);
  });

  test('differs with another text, recipe or model', async () => {
    counting.breaksAt = 3;
    await expect(lab.compress(recipe)).rejects.toThrow();
    await lab.compress({ ...recipe, steps: [{ ...step, parameters: { steps: 5 } }] });
    await lab.provideText({ ...TALE, content: `${TALE.content} The end.` });
    await lab.compress(recipe);
    expect(counting.firstSteps).toEqual([0, 0, 0]);
    expect(await lab.unfinishedTraining()).toHaveLength(1);
    await lab.openCheckpoint(await folderFiles(join(fixtures, 'tiny-bert')));
    expect(await lab.unfinishedTraining()).toEqual([]);
  });

  test('of two training steps, interrupted in the second, keeps the result of the first', async () => {
    const two: Recipe = { ...recipe, steps: [step, { ...step, parameters: { steps: 9 } }] };
    counting.breaksAt = 7;
    await expect(lab.compress(two)).rejects.toThrow('The tab was closed.');
    expect(await lab.unfinishedTraining()).toMatchObject([{ step: 6, steps: 9 }]);
    await lab.compress(two);
    // The first step is not run again.
    expect(counting.firstSteps).toEqual([0, 0, 6]);
    expect(await lab.unfinishedTraining()).toEqual([]);
    expect(await lab.finishedTraining()).toHaveLength(2);
  });

  test('can be discarded, but not while it is running', async () => {
    counting.breaksAt = 3;
    await expect(lab.compress(recipe)).rejects.toThrow();
    const [{ id }] = await lab.unfinishedTraining();
    await lab.forgetTraining(id);
    expect(await lab.unfinishedTraining()).toEqual([]);
    let refusal: Promise<void> | undefined;
    const onTraining = () => (refusal ??= expect(lab.forgetTraining(id)).rejects.toThrow('is in progress'));
    await lab.compress(recipe, { onTraining });
    await refusal;
  });

  test('continues when the storage is full, with a note about state and result', async () => {
    files.failure = new DOMException('no room', 'QuotaExceededError');
    const points: TrainingPoint[] = [];
    await lab.compress(recipe, { onTraining: (point) => points.push(point) });
    expect(points.filter(({ note }) => note !== undefined).map(({ note }) => note)).toEqual([
      'The state of this run cannot be saved (the storage is full); if the page closes, it starts over.',
      'The result of this training cannot be stored (the storage is full); the next run trains again.',
    ]);
  });
});

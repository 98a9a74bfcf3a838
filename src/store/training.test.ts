import { expect, test, vi } from 'vitest';
import type {
  Lab,
  Recipe,
  TrainingOptions,
  TrainingPoint,
  UnfinishedTraining,
} from '../lab/protocol/protocol';
import { createLabStore, type LabContext } from './lab-store';
import { openDeviceAndModel } from './open-actions';
import { readDraft } from './recipe-draft';
import { provideTexts } from './recipe-texts';
import {
  changeStepTraining,
  changeTraining,
  controlTraining,
  discardTraining,
  resumeTraining,
  trainOnFile,
  trainStepOnFile,
} from './training-actions';
import { loadStoredRuns } from './training-run';
import { compress } from './variant-actions';

const recipe: Recipe = { name: 'recovered', steps: [], training: { text: 'tales.txt' } };
const unfinished: UnfinishedTraining = {
  id: 'x',
  recipe,
  step: 5,
  steps: 9,
  savedAt: '2026-11-21T00:00:00Z',
  bytes: 1000,
};
const info = {
  id: 'variant-1',
  name: 'recovered',
  task: 'causal-lm' as const,
  recipe,
  size: { denseBytes: 4, storedBytes: 1, gzipBytes: 1, bitsPerWeight: 8, parameters: 1 },
  layers: [],
  gpuBytes: 1,
  seconds: 1,
  exports: [],
};
const point = (step: number, note?: string): TrainingPoint => ({
  step,
  steps: 9,
  trainingLoss: 4,
  learningRate: 0.001,
  tokensPerSecond: 100,
  tokens: step,
  note,
});

function context(lab: Partial<Lab> = {}): LabContext {
  const whole = { unfinishedTraining: async () => [], finishedTraining: async () => [], ...lab } as Lab;
  return { store: createLabStore(), lab: whole };
}

test('a run is shown from its first point to its end, with its notes', async () => {
  let go: () => void = () => undefined;
  const lab = context({
    compress: async (_, { onTraining }: TrainingOptions = {}) => {
      onTraining?.(point(1, 'a batch was halved'));
      onTraining?.(point(2));
      await new Promise<void>((resolve) => (go = resolve));
      onTraining?.(point(9));
      setTimeout(() => onTraining?.(point(10)));
      return info;
    },
    unfinishedTraining: vi.fn(async () => [unfinished]),
  });
  const done = compress(lab, recipe);
  const run = () => lab.store.getState().training;
  await vi.waitFor(() => expect(run()?.points).toHaveLength(2));
  expect(run()).toMatchObject({ name: 'recovered', notes: ['a batch was halved'], status: 'running' });
  go();
  expect(await done).toBe(true);
  expect(run()!.points.map(({ step }) => step)).toEqual([1, 2, 9]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  // Points after the end belong to another run.
  expect(run()).toMatchObject({ status: 'ended', points: { length: 3 } });
  expect(lab.store.getState().unfinished).toEqual([unfinished]);
});

test('training repeated after a device loss is shown as a run', async () => {
  const note = 'Reused the result of 21 Nov 2026, 20:14, 9 steps.';
  const lab = context({
    openDevice: async ({ onTraining }: TrainingOptions = {}) => {
      onTraining?.(point(9, note));
      return {} as never;
    },
    methods: async () => [],
  });
  await openDeviceAndModel(lab);
  expect(lab.store.getState().training).toMatchObject({
    name: 'Restored after the loss',
    notes: [note],
    status: 'ended',
  });
});

test('a recipe that does not train shows no run; one that fails keeps its curve', async () => {
  const quiet = context({ compress: async () => info });
  await compress(quiet, recipe);
  expect(quiet.store.getState().training).toBeUndefined();
  const failing = context({
    compress: async (_, { onTraining }: TrainingOptions = {}) => {
      onTraining?.(point(1));
      throw new Error('The graphics device was lost.');
    },
  });
  expect(await compress(failing, recipe)).toBe(false);
  expect(failing.store.getState().training).toMatchObject({ status: 'ended', points: [{ step: 1 }] });
});

test('pause, resume and finish are shown once the lab accepts them', async () => {
  const actions: string[] = [];
  const lab = context({ controlTraining: async (action) => void actions.push(action) });
  lab.store.setState({ training: { name: 'recovered', points: [], notes: [], status: 'running' } });
  const status = () => lab.store.getState().training!.status;
  await controlTraining(lab, 'pause');
  expect(status()).toBe('paused');
  await controlTraining(lab, 'resume');
  expect(status()).toBe('running');
  await controlTraining(lab, 'finish');
  expect(status()).toBe('finishing');
  expect(actions).toEqual(['pause', 'resume', 'finish']);
  lab.lab.controlTraining = () => Promise.reject(new Error('No training is running.'));
  await controlTraining(lab, 'pause');
  expect(status()).toBe('finishing');
  expect(lab.store.getState().notices.map(({ text }) => text)).toEqual(['No training is running.']);
});

test('finishing ends one step only: the next step is shown as running', async () => {
  const lab = context({
    controlTraining: async () => undefined,
    compress: async (_, options?: TrainingOptions) => {
      options!.onTraining!(point(1));
      await vi.waitUntil(() => lab.store.getState().training?.points.length === 1);
      await controlTraining(lab, 'finish');
      options!.onTraining!(point(2));
      await vi.waitUntil(() => lab.store.getState().training?.points.length === 2);
      expect(lab.store.getState().training!.status).toBe('finishing');
      options!.onTraining!(point(0));
      await vi.waitUntil(() => lab.store.getState().training?.points[0].step === 0);
      expect(lab.store.getState().training!.status).toBe('running');
      return info;
    },
  });
  expect(await compress(lab, recipe)).toBe(true);
});

test('an interrupted run resumes with its recipe as the draft, or is discarded', async () => {
  const made: unknown[] = [];
  const stored = [unfinished];
  const lab = context({
    compress: async (recipe) => (made.push(recipe), info),
    unfinishedTraining: async () => [...stored],
    forgetTraining: async (id) => void stored.splice(stored.findIndex((run) => run.id === id)),
  });
  await loadStoredRuns(lab);
  await resumeTraining(lab, lab.store.getState().unfinished[0]);
  expect(made).toEqual([recipe]);
  expect(lab.store.getState().draft).toEqual(readDraft(recipe));
  await discardTraining(lab, [unfinished]);
  expect(lab.store.getState().unfinished).toEqual([]);
});

test('cached results are listed and deleted one by one or all together', async () => {
  const result = (id: string) => ({
    id,
    model: 'demo',
    recipe,
    steps: 9,
    savedAt: unfinished.savedAt,
    bytes: 1000,
  });
  let stored = ['a', 'b', 'c'].map(result);
  const lab = context({
    finishedTraining: async () => stored,
    forgetTraining: async (id) => {
      if (id === 'b') throw new Error('This run is in progress.');
      stored = stored.filter((run) => run.id !== id);
    },
  });
  const ids = () => lab.store.getState().finished.map(({ id }) => id);
  await loadStoredRuns(lab);
  expect(ids()).toEqual(['a', 'b', 'c']);
  await discardTraining(lab, [result('c')]);
  expect(ids()).toEqual(['a', 'b']);
  await discardTraining(lab, lab.store.getState().finished);
  expect(ids()).toEqual(['b']);
  expect(lab.store.getState().notices.map(({ text }) => text)).toEqual(['This run is in progress.']);
});

test('unavailable storage shows no unfinished runs', async () => {
  const lab = context({ unfinishedTraining: () => Promise.reject(new Error('No storage')) });
  await loadStoredRuns(lab);
  expect(lab.store.getState()).toMatchObject({ unfinished: [], notices: [] });
});

test('each shipped text that a recipe names is sent to the lab once; a file of the user becomes the text', async () => {
  const provided: string[] = [];
  const lab = context({ provideText: async ({ name }) => void provided.push(name) });
  const shipped = (file: string) => ({
    id: file,
    title: file,
    file,
    kind: 'text' as const,
    use: 'calibration' as const,
    licence: '',
  });
  lab.store.setState({ dataSets: ['tales.txt', 'c.txt', 'other.txt'].map(shipped) });
  vi.stubGlobal('fetch', async () => new Response('x'));
  const both = { ...recipe, calibration: { text: 'c.txt', sequences: 1, length: 8, seed: 0 } };
  await provideTexts(lab, both);
  await provideTexts(lab, both);
  expect(provided).toEqual(['tales.txt', 'c.txt']);
  vi.unstubAllGlobals();
  changeTraining(lab, {});
  expect(lab.store.getState().draft.training).toEqual({ text: 'tales.txt', heldOutShare: 0.02, seed: 0 });
  changeTraining(lab, { heldOutShare: 0.1 });
  await trainOnFile(lab, new File(['words'], 'own.txt'));
  expect(lab.store.getState().draft.training).toEqual({ text: 'own.txt', heldOutShare: 0.1, seed: 0 });
});

test('a step may train on its own text, which is sent to the lab with the others', async () => {
  const provided: string[] = [];
  const lab = context({ provideText: async ({ name }) => void provided.push(name) });
  const step = { method: 'fine-tuning', targets: ['re:.*'], ignore: [], parameters: {} };
  lab.store.setState({ draft: readDraft({ ...recipe, steps: [step, step] }) });
  changeStepTraining(lab, 1, {});
  expect(lab.store.getState().draft.steps[1].training).toEqual({
    text: 'tales.txt',
    heldOutShare: 0.02,
    seed: 0,
  });
  await trainStepOnFile(lab, 1, new File(['a\t1'], 'films.tsv'));
  changeStepTraining(lab, 1, { heldOutShare: 0.2 });
  const { draft } = lab.store.getState();
  expect(draft.steps.map(({ training }) => training)).toEqual([
    undefined,
    { text: 'films.tsv', heldOutShare: 0.2, seed: 0 },
  ]);
  expect(draft.training).toEqual({ text: 'tales.txt', heldOutShare: 0.02, seed: 0 });
  lab.store.setState({
    dataSets: ['films.tsv', 'c.txt'].map((file) => ({
      id: file,
      title: file,
      file,
      kind: 'text',
      use: 'calibration',
      licence: '',
    })),
  });
  vi.stubGlobal('fetch', async () => new Response('x'));
  await provideTexts(lab, draft);
  vi.unstubAllGlobals();
  expect(provided).toEqual(['films.tsv', 'films.tsv']);
});

test('without shipped texts, a step has no text until the user chooses a file', () => {
  const lab = context();
  const step = { method: 'fine-tuning', targets: ['re:.*'], parameters: {} };
  lab.store.setState({ draft: readDraft({ name: 'x', steps: [step] }) });
  changeStepTraining(lab, 0, {});
  expect(lab.store.getState().draft.steps[0].training).toBeUndefined();
  changeStepTraining(lab, 0, { text: 'films.tsv' });
  expect(lab.store.getState().draft.steps[0].training).toEqual({
    text: 'films.tsv',
    heldOutShare: 0.02,
    seed: 0,
  });
});

test('a recipe file may omit training settings with defaults', () => {
  expect(readDraft({ steps: [], training: { text: 't' } }).training).toEqual({
    text: 't',
    heldOutShare: 0.02,
    seed: 0,
  });
  const step = { method: 'fine-tuning', training: { text: 't' } };
  expect(readDraft({ steps: [step] }).steps[0].training).toEqual({ text: 't', heldOutShare: 0.02, seed: 0 });
});

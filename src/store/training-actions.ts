import { trainingTextSchema } from '../compression/recipe/recipe-schema';
import type { TrainingAction, TrainingTextSettings, UnfinishedTraining } from '../lab/protocol/protocol';
import type { LabState, TrainingRun } from './lab-state';
import { type LabContext, notify } from './lab-store';
import { changeStep, setDraft } from './recipe-actions';
import { readDraft } from './recipe-draft';
import { firstText, takeOwnText } from './recipe-texts';
import { loadStoredRuns } from './training-run';
import { compress } from './variant-actions';

const STATUS: Readonly<Record<TrainingAction, TrainingRun['status']>> = {
  pause: 'paused',
  resume: 'running',
  finish: 'finishing',
};

/** A text to train on to begin with. */
export function defaultTraining(state: LabState): TrainingTextSettings | undefined {
  const text = firstText(state);
  return text === undefined ? undefined : trainingTextSchema.parse({ text });
}

export function changeTraining(context: LabContext, change: Partial<TrainingTextSettings>): void {
  const state = context.store.getState();
  const current = state.draft.training ?? defaultTraining(state);
  if (current) setDraft(context, { ...state.draft, training: { ...current, ...change } });
}

/** Takes a file of the user's as the text to train on. */
export async function trainOnFile(context: LabContext, file: File): Promise<void> {
  if (await takeOwnText(context, file)) changeTraining(context, { text: file.name });
}

/** The text that a step trains on in place of the recipe's. */
export function changeStepTraining(
  context: LabContext,
  index: number,
  change: Partial<TrainingTextSettings>,
): void {
  const state = context.store.getState();
  const { steps, training } = state.draft;
  const current = steps[index]?.training ?? training ?? defaultTraining(state);
  const settings = current ?? (change.text === undefined ? undefined : trainingTextSchema.parse(change));
  if (settings) changeStep(context, index, { training: { ...settings, ...change } });
}

/** Takes a file of the user's as the text that a step trains on. */
export async function trainStepOnFile(context: LabContext, index: number, file: File): Promise<void> {
  if (await takeOwnText(context, file)) changeStepTraining(context, index, { text: file.name });
}

/** Has the run that is under way wait, go on, or end now and keep the best so far. */
export async function controlTraining(context: LabContext, action: TrainingAction): Promise<void> {
  try {
    await context.lab.controlTraining(action);
    context.store.setState(({ training }) => ({
      training: training && training.status !== 'ended' ? { ...training, status: STATUS[action] } : training,
    }));
  } catch (error) {
    notify(context, 'error', (error as Error).message);
  }
}

/** Goes on with a run that broke off; its recipe becomes the draft, so that a text that is missing can be given again. */
export async function resumeTraining(context: LabContext, { recipe }: UnfinishedTraining): Promise<void> {
  setDraft(context, readDraft(recipe));
  await compress(context, recipe);
}

/** Forgets runs that broke off, or what some came to. */
export async function discardTraining(
  context: LabContext,
  runs: readonly Pick<UnfinishedTraining, 'id'>[],
): Promise<void> {
  try {
    for (const { id } of runs) await context.lab.forgetTraining(id);
  } catch (error) {
    notify(context, 'error', (error as Error).message);
  }
  await loadStoredRuns(context);
}

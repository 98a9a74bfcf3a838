import { trainingTextSchema } from '../compression/recipe/recipe-schema';
import type { TrainingAction, TrainingTextSettings, UnfinishedTraining } from '../lab/protocol/protocol';
import type { LabState, TrainingRun } from './lab-state';
import { type LabContext, notify } from './lab-store';
import { changeStep, setDraft } from './recipe-actions';
import { readDraft } from './recipe-draft';
import { firstText, addUserText } from './recipe-texts';
import { loadStoredRuns } from './training-run';
import { compress } from './variant-actions';

const STATUS: Readonly<Record<TrainingAction, TrainingRun['status']>> = {
  pause: 'paused',
  resume: 'running',
  finish: 'finishing',
};

/** Default training settings; undefined without a text. */
export function defaultTraining(state: LabState): TrainingTextSettings | undefined {
  const text = firstText(state);
  return text === undefined ? undefined : trainingTextSchema.parse({ text });
}

export function changeTraining(context: LabContext, change: Partial<TrainingTextSettings>): void {
  const state = context.store.getState();
  const current = state.draft.training ?? defaultTraining(state);
  if (current) setDraft(context, { ...state.draft, training: { ...current, ...change } });
}

/** Uses a file of the user's as the training text. */
export async function trainOnFile(context: LabContext, file: File): Promise<void> {
  if (await addUserText(context, file)) changeTraining(context, { text: file.name });
}

/** Sets the text that a step trains on in place of the recipe's. */
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

/** Uses a file of the user's as the text of one training step. */
export async function trainStepOnFile(context: LabContext, index: number, file: File): Promise<void> {
  if (await addUserText(context, file)) changeStepTraining(context, index, { text: file.name });
}

/** Pauses or resumes the current run, or ends it now with the best state so far. */
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

/** Resumes an interrupted run; its recipe becomes the draft, so that the user can supply a missing text again. */
export async function resumeTraining(context: LabContext, { recipe }: UnfinishedTraining): Promise<void> {
  setDraft(context, readDraft(recipe));
  await compress(context, recipe);
}

/** Deletes interrupted runs or cached results. */
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

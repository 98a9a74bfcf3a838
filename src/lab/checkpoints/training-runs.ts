import type { RecipeTraining } from '../../compression/recipe/apply-recipe';
import type { TrainingPoint } from '../../train/training-context';
import { RunFiles } from './run-files';
import { ResultCache } from './result-cache';
import { UnfinishedRuns } from './unfinished-runs';
import { LabError } from '../lab-error';
import type {
  FinishedTraining,
  TrainingAction,
  TrainingOptions,
  UnfinishedTraining,
} from '../protocol/protocol';
import type { RecipeRun } from './recipe-run';
import type { RecipeTrainingData } from '../texts/recipe-texts';
import { RunControl } from './run-control';
import { RunStates } from './run-states';
import type { StateFiles } from './state-files';
import { TrainedSteps } from './trained-steps';
import type { TrainingRecord } from '../report/training-record';
import { TrainingRecords } from './training-records';

/** Current training run, unfinished runs and cached results. */
export class TrainingRuns {
  private readonly unfinishedRuns: UnfinishedRuns | undefined;
  private readonly results: ResultCache | undefined;
  private running: { readonly states?: RunStates; readonly control: RunControl } | undefined;

  /** @param files storage for states and results of runs; absent: none */
  constructor(files?: StateFiles) {
    const runFiles = files && new RunFiles(files);
    this.unfinishedRuns = runFiles && new UnfinishedRuns(runFiles);
    this.results = runFiles && new ResultCache(runFiles);
  }

  /**
   * Applies a training recipe, starting after its last step with a cached result. The state of a step is removed once its
   * result is cached or, failing that, once the recipe has finished: a run interrupted in its second step need not repeat the
   * first.
   * @returns the result of `apply`, and how each step trained
   */
  async run<Result>(
    recipeRun: RecipeRun,
    { dataOf, warnings }: RecipeTrainingData,
    { signal, onTraining }: TrainingOptions,
    apply: (training: RecipeTraining) => Promise<Result>,
  ): Promise<Result & { readonly training: readonly TrainingRecord[] }> {
    const control = new RunControl(signal);
    const notes = [...warnings];
    let last: TrainingPoint | undefined;
    const report = (point: TrainingPoint) => {
      last = point;
      const texts = [...notes.splice(0), ...(point.note === undefined ? [] : [point.note])];
      onTraining?.(texts.length > 0 ? { ...point, note: texts.join(' ') } : point);
    };
    const onNote = (text: string) => void notes.push(text);
    const position = () => ({ step: last?.step ?? 0, steps: last?.steps ?? 0 });
    const states = this.unfinishedRuns && new RunStates(this.unfinishedRuns, recipeRun, { position, onNote });
    const onSaved = async (step: number) => states?.remove(step);
    const records = new TrainingRecords();
    const listener = { onPoint: report, onNote, onSaved };
    const cache = this.results && new TrainedSteps(this.results, recipeRun, records, listener);
    const onPoint = (point: TrainingPoint) => {
      records.add(point);
      report(point);
    };
    const training: RecipeTraining = {
      dataOf: (step) => {
        control.beginStep();
        records.begin(step);
        return dataOf(step);
      },
      control,
      onPoint,
      statesOf: states && ((step) => states.of(step)),
      cache,
    };
    this.running = { states, control };
    try {
      const result = await apply(training);
      // Notes added after the last point are sent with that point once more.
      if (last && notes.length > 0) report({ ...last, note: undefined });
      await states?.removeAll();
      return { ...result, training: records.all };
    } finally {
      this.running = undefined;
    }
  }

  /** @throws LabError if no training is running */
  control(action: TrainingAction): void {
    if (!this.running) throw new LabError(`No training is running, so there is nothing to ${action}.`);
    this.running.control.apply(action);
  }

  /** Unfinished runs of a checkpoint, the latest first. */
  async unfinished(checkpoint: string): Promise<UnfinishedTraining[]> {
    const runs = (await this.unfinishedRuns?.of(checkpoint)) ?? [];
    const isRunning = await Promise.all(runs.map(({ id }) => this.running?.states?.has(id)));
    return runs.filter((_, index) => !isRunning[index]);
  }

  /** Cached results for any checkpoint, the most recently used first. */
  async finished(): Promise<FinishedTraining[]> {
    return (await this.results?.all()) ?? [];
  }

  /** Deletes an unfinished run or a result. @throws LabError if it is running */
  async forget(id: string): Promise<void> {
    if (await this.running?.states?.has(id))
      throw new LabError('This run is in progress; cancel it before discarding it.');
    await this.unfinishedRuns?.discard(id);
  }
}

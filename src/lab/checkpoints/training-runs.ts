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

/** The run that is under way, those that broke off, and what others came to. */
export class TrainingRuns {
  private readonly unfinishedRuns: UnfinishedRuns | undefined;
  private readonly results: ResultCache | undefined;
  private running: { readonly states?: RunStates; readonly control: RunControl } | undefined;

  /** @param files where states and results of runs are stored; absent: nowhere */
  constructor(files?: StateFiles) {
    const runFiles = files && new RunFiles(files);
    this.unfinishedRuns = runFiles && new UnfinishedRuns(runFiles);
    this.results = runFiles && new ResultCache(runFiles);
  }

  /**
   * Applies a recipe that trains, from the last of its steps on whose result is kept. The state of a step's run goes once its
   * result is kept, or, where that cannot be, once all of the recipe is there: one that broke off in its second step need not
   * begin the first again.
   * @returns what `apply` gives, and how each step trained
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
    const tell = (point: TrainingPoint) => {
      last = point;
      const said = [...notes.splice(0), ...(point.note === undefined ? [] : [point.note])];
      onTraining?.(said.length > 0 ? { ...point, note: said.join(' ') } : point);
    };
    const onNote = (text: string) => void notes.push(text);
    const position = () => ({ step: last?.step ?? 0, steps: last?.steps ?? 0 });
    const states = this.unfinishedRuns && new RunStates(this.unfinishedRuns, recipeRun, { position, onNote });
    const onSaved = async (step: number) => states?.remove(step);
    const records = new TrainingRecords();
    const listener = { onPoint: tell, onNote, onSaved };
    const cache = this.results && new TrainedSteps(this.results, recipeRun, records, listener);
    const onPoint = (point: TrainingPoint) => {
      records.hear(point);
      tell(point);
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
      // What is to be said after the last point of a curve goes with it once more.
      if (last && notes.length > 0) tell({ ...last, note: undefined });
      await states?.removeAll();
      return { ...result, training: records.all };
    } finally {
      this.running = undefined;
    }
  }

  /** @throws LabError where nothing trains */
  control(action: TrainingAction): void {
    if (!this.running) throw new LabError(`Nothing trains now, so there is nothing to ${action}.`);
    this.running.control.act(action);
  }

  /** Runs of a checkpoint that broke off, the latest first. */
  async unfinished(checkpoint: string): Promise<UnfinishedTraining[]> {
    const runs = (await this.unfinishedRuns?.of(checkpoint)) ?? [];
    const isRunning = await Promise.all(runs.map(({ id }) => this.running?.states?.has(id)));
    return runs.filter((_, index) => !isRunning[index]);
  }

  /** What runs of any checkpoint came to, the one used last first. */
  async finished(): Promise<FinishedTraining[]> {
    return (await this.results?.all()) ?? [];
  }

  /** A run that broke off, or a result. @throws LabError where it is under way */
  async forget(id: string): Promise<void> {
    if (await this.running?.states?.has(id))
      throw new LabError('This run is under way; cancel it before it can be discarded.');
    await this.unfinishedRuns?.discard(id);
  }
}

import type { StepCache } from '../../compression/recipe/apply-recipe';
import { trains } from '../../compression/recipe/recipe';
import type { Model } from '../../model/model';
import type { TrainingPoint } from '../../train/training-context';
import type { CachedResult, ResultCache } from './result-cache';
import type { Recipe } from '../../compression/recipe/recipe-schema';
import { type RecipeRun, stepsMade, withEarlyEnds } from './recipe-run';
import { resultIdentity } from './run-identity';
import type { TrainingRecords } from './training-records';

/** Callbacks for a run's results. */
export interface ResultListener {
  /** Receives the points of a cached run as they were reported. */
  onPoint(point: TrainingPoint): void;
  /** Reports a message for the user. */
  onNote(text: string): void;
  /** Called when the result of a step is stored and its training state is no longer needed. */
  onSaved(step: number): Promise<void>;
}

/** Results of a recipe's training steps, read from the cache or written to it. */
export class TrainedSteps implements StepCache {
  private readonly started = performance.now();
  private secondsBefore = 0;

  constructor(
    private readonly results: ResultCache,
    private readonly run: RecipeRun,
    private readonly records: TrainingRecords,
    private readonly listener: ResultListener,
  ) {}

  async latest(): Promise<{ step: number; model: Model; seconds: number } | undefined> {
    const { steps } = this.run.checked;
    const indices = steps.flatMap(({ method }, index) => (trains(method) ? [index] : []));
    for (const step of indices.reverse()) {
      const result = await this.resultAfter(step);
      if (!result) continue;
      const { model, seconds, earlier, points } = result;
      this.secondsBefore = seconds;
      this.records.take(step, earlier, points);
      this.replay(result);
      return { step, model, seconds };
    }
    return undefined;
  }

  /** If the storage is full, only a later run has to train again. */
  async save(step: number, model: Model): Promise<void> {
    const { checkpoint, checkpointName } = this.run;
    const seconds = this.secondsBefore + (performance.now() - this.started) / 1000;
    try {
      const id = await this.idAfter(step);
      const run = { id, checkpoint, recipe: this.recipeAfter(step) };
      await this.results.write(run, checkpointName, model, { ...this.records.state, seconds });
    } catch (error) {
      this.run.signal?.throwIfAborted();
      const { name, message } = error as Error;
      const reason = name === 'QuotaExceededError' ? 'the storage is full' : message;
      this.listener.onNote(
        `The result of this training cannot be stored (${reason}); the next run trains again.`,
      );
      return;
    }
    await this.listener.onSaved(step);
  }

  /** An unreadable result is reported and trained again. */
  private async resultAfter(step: number): Promise<CachedResult | undefined> {
    const { base, signal } = this.run;
    try {
      return await this.results.read(await this.idAfter(step), base, signal);
    } catch (error) {
      signal?.throwIfAborted();
      const reason = (error as Error).message.replace(/[.;]+$/, '');
      this.listener.onNote(
        `The stored result of an earlier run cannot be read (${reason}), so it is trained again.`,
      );
      return undefined;
    }
  }

  /** Replays the curve of a cached run; its last point carries a note with the date. */
  private replay({ points, savedAt }: CachedResult): void {
    for (const point of points.slice(0, -1)) this.listener.onPoint(point);
    const last = points.at(-1);
    const updates = last ? `, ${last.step} steps` : '';
    this.listener.onNote(`Reused the result of ${dateOf(savedAt)}${updates}.`);
    if (last) this.listener.onPoint(last);
  }

  private idAfter(step: number): Promise<string> {
    const { checkpoint, checked, texts } = this.run;
    return resultIdentity(checkpoint, checked, stepsMade(this.run, step), texts);
  }

  private recipeAfter(step: number): Recipe {
    const { recipe, endedEarly } = this.run;
    return withEarlyEnds({ ...recipe, steps: recipe.steps.slice(0, step + 1) }, endedEarly);
  }
}

/** Date and time in the user's time zone: "21 Nov 2026, 20:14". */
function dateOf(iso: string): string {
  return new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

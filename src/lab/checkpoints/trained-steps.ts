import type { StepCache } from '../../compression/recipe/apply-recipe';
import { trains } from '../../compression/recipe/recipe';
import type { Model } from '../../model/model';
import type { TrainingPoint } from '../../train/training-context';
import type { CachedResult, ResultCache } from './result-cache';
import type { Recipe } from '../../compression/recipe/recipe-schema';
import { type RecipeRun, stepsMade, withEarlyEnds } from './recipe-run';
import { resultIdentity } from './run-identity';
import type { TrainingRecords } from './training-records';

/** What is heard of a run's results. */
export interface ResultListener {
  /** Points of a run that was taken from its result, told as they were. */
  onPoint(point: TrainingPoint): void;
  /** Something that the user should know. */
  onNote(text: string): void;
  /** The result of a step is stored: its run needs no state any more. */
  onSaved(step: number): Promise<void>;
}

/** The results of one recipe's steps that train: read from the cache, or written to it once they are made. */
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
      this.tellAgain(result);
      return { step, model, seconds };
    }
    return undefined;
  }

  /** A storage that takes no more costs the user a training the next time, not this one. */
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
        `What was trained cannot be stored (${reason}): the next time it is trained again.`,
      );
      return;
    }
    await this.listener.onSaved(step);
  }

  /** One that cannot be read costs its training once more, and is said. */
  private async resultAfter(step: number): Promise<CachedResult | undefined> {
    const { base, signal } = this.run;
    try {
      return await this.results.read(await this.idAfter(step), base, signal);
    } catch (error) {
      signal?.throwIfAborted();
      const reason = (error as Error).message.replace(/[.;]+$/, '');
      this.listener.onNote(`What an earlier run came to cannot be read (${reason}), so it is trained again.`);
      return undefined;
    }
  }

  /** The curve of a run that is taken; with its last point, from when it is. */
  private tellAgain({ points, savedAt }: CachedResult): void {
    for (const point of points.slice(0, -1)) this.listener.onPoint(point);
    const last = points.at(-1);
    const updates = last ? `, ${last.step} steps` : '';
    this.listener.onNote(`Taken from the run of ${dateOf(savedAt)}${updates}.`);
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

/** On the user's clock: "21 Nov 2026, 20:14". */
function dateOf(iso: string): string {
  return new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

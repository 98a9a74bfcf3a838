import type { KeptSteps } from '../compression/apply-recipe';
import { type CheckedRecipe, type CheckedStep, trains } from '../compression/recipe';
import type { Model } from '../model/model';
import type { TrainingPoint } from '../train/training-context';
import type { KeptResult, KeptResults } from './kept-results';
import type { Recipe } from './protocol';
import { resultIdentity, type TextByName } from './run-identity';

/** What the results of a recipe's steps follow from. */
export interface RecipeRun {
  /** Of the checkpoint (`run-identity.ts`), and as the user knows it. */
  readonly checkpoint: string;
  readonly checkpointName: string;
  readonly base: Model;
  readonly checked: CheckedRecipe;
  /** With what was left open filled in. */
  readonly recipe: Recipe;
  readonly texts: TextByName;
  /** Updates of steps, counted from 0, that were ended early; more come as the run goes on. */
  readonly endedEarly: ReadonlyMap<number, number>;
  readonly signal?: AbortSignal;
}

/** What is heard of a run's results. */
export interface ResultListener {
  /** Points of a run that was taken from its result, told as they were. */
  onPoint(point: TrainingPoint): void;
  /** Something that the user should know. */
  onNote(text: string): void;
  /** What a step came to is kept: its run needs no state any more. */
  onKept(step: number): Promise<void>;
}

/** The results of one recipe's steps that train: taken where they are kept, kept where they are made. */
export class TrainedSteps implements KeptSteps {
  private readonly started = performance.now();
  private secondsBefore = 0;
  private points: TrainingPoint[] = [];

  constructor(
    private readonly results: KeptResults,
    private readonly run: RecipeRun,
    private readonly listener: ResultListener,
  ) {}

  /** Hears the curve of the step that trains. */
  hear(point: TrainingPoint): void {
    this.points.push(point);
  }

  async latest(): Promise<{ step: number; model: Model; seconds: number } | undefined> {
    const { steps } = this.run.checked;
    const indices = steps.flatMap(({ method }, index) => (trains(method) ? [index] : []));
    for (const step of indices.reverse()) {
      const result = await this.resultAfter(step);
      if (!result) continue;
      const { model, seconds } = result;
      this.secondsBefore = seconds;
      this.tellAgain(result);
      return { step, model, seconds };
    }
    return undefined;
  }

  /** A storage that takes no more costs the user a training the next time, not this one. */
  async keep(step: number, model: Model): Promise<void> {
    const { checkpoint, checkpointName } = this.run;
    const points = this.points;
    this.points = [];
    const seconds = this.secondsBefore + (performance.now() - this.started) / 1000;
    try {
      const id = await this.idAfter(step);
      const run = { id, checkpoint, recipe: this.recipeAfter(step) };
      await this.results.write(run, checkpointName, model, { points, seconds });
    } catch (error) {
      this.run.signal?.throwIfAborted();
      const { name, message } = error as Error;
      const reason = name === 'QuotaExceededError' ? 'the storage is full' : message;
      this.listener.onNote(`What was trained cannot be kept (${reason}): the next time it is trained again.`);
      return;
    }
    await this.listener.onKept(step);
  }

  /** One that cannot be read costs its training once more, and is said. */
  private async resultAfter(step: number): Promise<KeptResult | undefined> {
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
  private tellAgain({ points, savedAt }: KeptResult): void {
    for (const point of points.slice(0, -1)) this.listener.onPoint(point);
    const last = points.at(-1);
    const updates = last ? `, ${last.step} steps` : '';
    this.listener.onNote(`Taken from the run of ${dateOf(savedAt)}${updates}.`);
    if (last) this.listener.onPoint(last);
  }

  private idAfter(step: number): Promise<string> {
    const { checkpoint, checked, texts, endedEarly } = this.run;
    const steps = checked.steps.slice(0, step + 1).map((each, index): CheckedStep => {
      const stopAfter = endedEarly.get(index);
      if (stopAfter === undefined) return each;
      return { ...each, parameters: { ...(each.parameters as object), stopAfter } };
    });
    return resultIdentity(checkpoint, checked, steps, texts);
  }

  private recipeAfter(step: number): Recipe {
    const { recipe, endedEarly } = this.run;
    return withEarlyEnds({ ...recipe, steps: recipe.steps.slice(0, step + 1) }, endedEarly);
  }
}

/** The recipe that makes the same variant again: a run that was ended early says after how many updates. */
export function withEarlyEnds(recipe: Recipe, updates: ReadonlyMap<number, number>): Recipe {
  if (updates.size === 0) return recipe;
  const steps = recipe.steps.map((step, index) => {
    const stopAfter = updates.get(index);
    return stopAfter === undefined ? step : { ...step, parameters: { ...step.parameters, stopAfter } };
  });
  return { ...recipe, steps };
}

/** On the user's clock: "21 Nov 2026, 20:14". */
function dateOf(iso: string): string {
  return new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

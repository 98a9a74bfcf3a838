import { familyOf } from '../../model/families';
import type { MatrixLayout, Model, ModelConfig } from '../../model/model';
import { valuesInCheckpoint } from '../../model/restructure';
import type { TrainingContext, TrainingData, TrainingStates } from '../../train/training-context';
import type { LinearWeight } from '../../weights/linear-weight';
import { applyStep } from './apply-step';
import type { CalibrationSequences } from '../calibration/calibration';
import { type CheckedRecipe, trains } from './recipe';
import { relativeFrobeniusError } from './relative-error';
import { stepConfigs } from './step-configs';
import { matchTargets, type TargetableModel } from './targets';

/** What a recipe did to one matrix. */
export interface LayerChange {
  readonly name: string;
  readonly form: string;
  readonly shape: readonly [number, number];
  /** ‖W − Ŵ‖F / ‖W‖F against the model that the recipe was applied to. */
  readonly relativeError: number;
  readonly storedBytes: number;
  readonly parameters: number;
}

/** Models that steps which train left, kept so that none is trained twice. */
export interface StepCache {
  /**
   * What the recipe's steps up to the last one that is kept, counted from 0, came to; the caller owns the model.
   * `seconds` is what making it took.
   */
  latest(): Promise<{ readonly step: number; readonly model: Model; readonly seconds: number } | undefined>;
  /** @param model what the steps up to this one came to; stays the caller's */
  save(step: number, model: Model): Promise<void>;
}

/** What the steps of a recipe that train have in common. */
export interface RecipeTraining extends Omit<
  TrainingContext,
  'teacher' | 'data' | 'states' | 'onEndedEarly'
> {
  /** Absent: everything is trained. */
  readonly cache?: StepCache;
  /** What a step, counted from 0, trains on. */
  dataOf(step: number): TrainingData;
  /** Where the run of a step, counted from 0, is kept. */
  statesOf?(step: number): TrainingStates;
  /** The run of a step, counted from 0, has ended after fewer updates than it was to have. */
  onEndedEarly?(step: number, updates: number): void;
}

export interface RecipeOptions {
  readonly signal?: AbortSignal;
  /** What methods that need data look at. */
  readonly calibration?: CalibrationSequences;
  /** What methods that train learn from; the model given is their teacher. */
  readonly training?: RecipeTraining;
  /** `done` counts matrices, fractions of one included. */
  onProgress?(label: string, done: number, total: number): void;
}

/**
 * The module names that each step of a recipe applies to; a head that an earlier step puts on is there for the later ones.
 * @throws RecipeError where a target matches nothing, or a step does not fit the task that the model has then
 */
export function matchRecipe(recipe: CheckedRecipe, { config }: Pick<Model, 'config'>): string[][] {
  const { before } = stepConfigs(recipe, config);
  return recipe.steps.map(({ targets, ignore }, index) =>
    matchTargets(targets, ignore, targetableOf(before[index]), recipe.sensitivities),
  );
}

/** The modules of a model that is configured like this. */
function targetableOf(config: ModelConfig): TargetableModel {
  const { matrices } = familyOf(config.source).layout(config);
  const namesOf = (some: readonly MatrixLayout[]) => some.map(({ module }) => module);
  return {
    linears: new Set(namesOf(matrices)),
    blockLinears: namesOf(matrices.filter(({ isBlockLinear }) => isBlockLinear)),
  };
}

/**
 * Applies the steps in order, each to what the one before left; those that come to a model which is kept are left out. The
 * model given stays as it is.
 *
 * @returns a model that the caller owns, what changed, and the seconds that making the kept model took
 * @throws RecipeError where a step does not fit; the signal's reason when cancelled. Nothing is left on the GPU then
 */
export async function applyRecipe(
  model: Model,
  recipe: CheckedRecipe,
  options: RecipeOptions = {},
): Promise<{ model: Model; layers: LayerChange[]; secondsBefore: number }> {
  const matches = matchRecipe(recipe, model);
  const targets = new Set(matches.flat().filter((name) => model.linears.has(name)));
  const total = matches.flat().length + targets.size;
  let done = 0;
  const report = (label: string, share = 0) => options.onProgress?.(label, done + share, total);
  const { cache } = options.training ?? {};
  const taken = await cache?.latest();
  let current = taken?.model ?? model.clone();
  try {
    for (const [index, step] of recipe.steps.entries()) {
      if (taken && index <= taken.step) {
        done += matches[index].length;
        continue;
      }
      // A block that an earlier step took out is no target any more.
      const present = matches[index].filter((name) => current.linears.has(name));
      const next = await applyStep(current, step, present, {
        signal: options.signal,
        calibration: options.calibration,
        training:
          options.training && trains(step.method) ? trainingOf(options.training, model, index) : undefined,
        onProgress: (label, share) => report(`${step.method.title}: ${label}`, share),
      });
      current.dispose();
      current = next;
      done += matches[index].length;
      if (trains(step.method)) await cache?.save(index, current);
    }
    const layers: LayerChange[] = [];
    for (const name of changedModules(model, current, targets)) {
      options.signal?.throwIfAborted();
      report(`Measuring the error of ${name}`);
      const change = await describeChange(name, model, current);
      if (change.form !== 'dense' || change.relativeError > 0) layers.push(change);
      done += targets.has(name) ? 1 : 0;
    }
    report('Done');
    return { model: current, layers, secondsBefore: taken?.seconds ?? 0 };
  } catch (error) {
    current.dispose();
    throw error;
  }
}

function trainingOf(
  { dataOf, statesOf, onEndedEarly, control, onPoint }: RecipeTraining,
  teacher: Model,
  step: number,
): TrainingContext {
  return {
    teacher,
    control,
    onPoint,
    data: dataOf(step),
    states: statesOf?.(step),
    onEndedEarly: (updates) => onEndedEarly?.(step, updates),
  };
}

/** What was aimed at, and what a method of the whole model changed besides; in the model's order. */
function changedModules(before: Model, after: Model, targets: ReadonlySet<string>): string[] {
  const others = new Set(modulesOfOtherFormat(before, after));
  return [...before.linears.keys()].filter((name) => targets.has(name) || others.has(name));
}

/** Modules that another model of the same checkpoint stores otherwise, in the order of `before`. */
function modulesOfOtherFormat(before: Model, after: Model): string[] {
  return [...before.linears.keys()].filter((name) =>
    differsInFormat(before.linears.get(name), after.linears.get(name)),
  );
}

function differsInFormat(before: LinearWeight | undefined, after: LinearWeight | undefined): boolean {
  return (
    before?.format !== after?.format ||
    before?.shape[0] !== after?.shape[0] ||
    before?.shape[1] !== after?.shape[1]
  );
}

/** What became of one matrix; of one that is gone, its format is `removed` and its values count as zero. */
export async function describeChange(name: string, before: Model, after: Model): Promise<LayerChange> {
  const matrix = before.checkpointLayout.matrices.find(({ module }) => module === name)!;
  const weight = after.linears.get(name);
  return {
    name,
    form: weight?.format ?? 'removed',
    shape: weight?.shape ?? [0, 0],
    relativeError: relativeFrobeniusError(
      await valuesInCheckpoint(before, matrix),
      await valuesInCheckpoint(after, matrix),
    ),
    storedBytes: weight?.storedBytes ?? 0,
    parameters: weight?.parameters ?? 0,
  };
}

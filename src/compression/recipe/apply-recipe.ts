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
import type { OperationOptions } from '../../progress/progress';

/** Effect of a recipe on one matrix. */
export interface LayerChange {
  readonly name: string;
  readonly form: string;
  readonly shape: readonly [number, number];
  /** ‖W − Ŵ‖F / ‖W‖F relative to the model that the recipe was applied to. */
  readonly relativeError: number;
  readonly storedBytes: number;
  readonly parameters: number;
}

/** Cache of the models after training steps, so that none is trained twice. */
export interface StepCache {
  /**
   * Model after the recipe's last cached step, counted from 0; the caller owns it. `seconds` is the time that
   * computing it took.
   */
  latest(): Promise<{ readonly step: number; readonly model: Model; readonly seconds: number } | undefined>;
  /** @param model result of the steps up to this one; still owned by the caller */
  save(step: number, model: Model): Promise<void>;
}

/** Services shared by the training steps of a recipe. */
export interface RecipeTraining extends Omit<
  TrainingContext,
  'teacher' | 'data' | 'states' | 'onEndedEarly'
> {
  /** Absent: everything is trained. */
  readonly cache?: StepCache;
  /** Training data of a step, counted from 0. */
  dataOf(step: number): TrainingData;
  /** State file for the run of a step, counted from 0. */
  statesOf?(step: number): TrainingStates;
  /** Called when the run of a step, counted from 0, was stopped after fewer updates than planned. */
  onEndedEarly?(step: number, updates: number): void;
}

/** Progress counts matrices, with fractions. */
export interface RecipeOptions extends OperationOptions {
  /** Calibration sequences for the methods that need them. */
  readonly calibration?: CalibrationSequences;
  /** Training context for the methods that train; the given model is their teacher. */
  readonly training?: RecipeTraining;
}

/**
 * The module names to which each step of a recipe applies; a head added by an earlier step is available to later
 * ones.
 * @throws RecipeError where a target matches nothing, or a step does not fit the task of the model at that point
 */
export function matchRecipe(recipe: CheckedRecipe, { config }: Pick<Model, 'config'>): string[][] {
  const { before } = stepConfigs(recipe, config);
  return recipe.steps.map(({ targets, ignore }, index) =>
    matchTargets(targets, ignore, targetableOf(before[index]), recipe.sensitivities),
  );
}

/** The modules of a model with this configuration. */
function targetableOf(config: ModelConfig): TargetableModel {
  const { matrices } = familyOf(config.source).layout(config);
  const namesOf = (some: readonly MatrixLayout[]) => some.map(({ module }) => module);
  return {
    linears: new Set(namesOf(matrices)),
    blockLinears: namesOf(matrices.filter(({ isBlockLinear }) => isBlockLinear)),
  };
}

/**
 * Applies the steps in order, each to the result of the previous one; steps before a cached result are skipped. The
 * given model does not change.
 *
 * @returns a model that the caller owns, the changed matrices, and the seconds that computing the cached model took
 * @throws RecipeError where a step does not fit; the signal's reason when cancelled. No tensor is leaked then
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
  const report = (label: string, share = 0) =>
    options.onProgress?.({ label, done: done + share, total, unit: 'matrices' });
  const { cache } = options.training ?? {};
  const taken = await cache?.latest();
  let current = taken?.model ?? model.clone();
  try {
    for (const [index, step] of recipe.steps.entries()) {
      if (taken && index <= taken.step) {
        done += matches[index].length;
        continue;
      }
      // A block that an earlier step removed is no longer a target.
      const present = matches[index].filter((name) => current.linears.has(name));
      const next = await applyStep(current, step, present, {
        signal: options.signal,
        calibration: options.calibration,
        training:
          options.training && trains(step.method) ? trainingOf(options.training, model, index) : undefined,
        onProgress: (progress) => report(`${step.method.title}: ${progress.label}`, progress.done),
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

/** The targets, and other modules that a method of the whole model changed; in the model's order. */
function changedModules(before: Model, after: Model, targets: ReadonlySet<string>): string[] {
  const others = new Set(modulesOfOtherFormat(before, after));
  return [...before.linears.keys()].filter((name) => targets.has(name) || others.has(name));
}

/** Modules that another model of the same checkpoint stores differently, in the order of `before`. */
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

/** Change of one matrix; for a removed one, the format is `removed` and its values count as zero. */
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

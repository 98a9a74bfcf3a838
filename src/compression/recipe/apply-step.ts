import type { Model } from '../../model/model';
import type { TrainingContext } from '../../train/training-context';
import type { LinearWeight } from '../../weights/linear-weight';
import type { CalibrationSequences } from '../calibration/calibration';
import { compressEachBlock } from '../calibration/each-block';
import { type CompressionMethod, type MatrixMethod, RecipeError, type TargetMatrix } from '../method';
import { type CheckedStep, trains } from './recipe';
import type { OperationOptions } from '../../progress/progress';

/** Progress counts the step's matrices, with fractions. */
export interface StepOptions extends OperationOptions {
  readonly calibration?: CalibrationSequences;
  readonly training?: TrainingContext;
}

/**
 * Applies one step to the modules that it matches.
 *
 * @returns a new model, owned by the caller; `model` does not change
 * @throws RecipeError where the step does not fit, or lacks calibration sequences or a text to train on
 */
export async function applyStep(
  model: Model,
  { method, parameters }: Pick<CheckedStep, 'method' | 'parameters'>,
  targets: readonly string[],
  options: StepOptions,
): Promise<Model> {
  const { signal, calibration, training } = options;
  if (needsCalibration(method, parameters) && !calibration) {
    throw new RecipeError(`${method.id} uses the activations of a calibration text; add one to the recipe.`);
  }
  if (trains(method) && !training)
    throw new RecipeError(`${method.id} trains the model; add a training text to the recipe.`);
  if ('compressModel' in method) {
    const total = targets.length;
    const onProgress = (share: number) =>
      options.onProgress?.({ label: method.title, done: share * total, total, unit: 'matrices' });
    onProgress(0);
    return method.compressModel(model, targets, parameters, { signal, calibration, training, onProgress });
  }
  if ('compressCalibrated' in method) {
    return compressEachBlock(model, method, parameters, targets, { ...options, calibration: calibration! });
  }
  return compressEachMatrix(model, method, parameters, targets, options);
}

/** Whether a step cannot run without calibration sequences. */
export function needsCalibration(method: CompressionMethod, parameters: unknown): boolean {
  if ('compressModel' in method) return method.needsCalibration?.(parameters) ?? false;
  return 'compressCalibrated' in method;
}

async function compressEachMatrix(
  model: Model,
  method: MatrixMethod,
  parameters: unknown,
  targets: readonly string[],
  { signal, calibration, onProgress }: StepOptions,
): Promise<Model> {
  const changed = new Map<string, LinearWeight>();
  try {
    const survey = await method.survey?.(eachTarget(model, method, targets), parameters);
    for (const [index, name] of targets.entries()) {
      signal?.throwIfAborted();
      const context = {
        signal,
        calibration,
        onProgress: (share: number) =>
          onProgress?.({ label: name, done: index + share, total: targets.length, unit: 'matrices' }),
      };
      context.onProgress(0);
      const compress = (target: TargetMatrix) => method.compress(target, parameters, context, survey);
      changed.set(name, await compressWeight(name, model.linears.get(name)!, method, compress));
    }
    return model.withLinears(changed);
  } catch (error) {
    for (const weight of changed.values()) weight.dispose();
    throw error;
  }
}

/** Compresses one weight, or each factor of a factorized one if the method works on values. */
async function compressWeight(
  name: string,
  weight: LinearWeight,
  method: MatrixMethod,
  compress: (target: TargetMatrix) => Promise<LinearWeight>,
): Promise<LinearWeight> {
  if (!appliesToFactors(weight, method)) return compress(await targetOf(name, weight));
  const replacements: LinearWeight[] = [];
  try {
    for (const factor of weight.factors!) {
      replacements.push(await compressWeight(`${name}.${factor.name}`, factor.weight, method, compress));
    }
    return await weight.withFactors!(replacements);
  } catch (error) {
    for (const replacement of replacements) replacement.dispose();
    throw error;
  }
}

/** All targets of a step in order; a survey may iterate them repeatedly. */
function eachTarget(
  model: Model,
  method: MatrixMethod,
  names: readonly string[],
): AsyncIterable<TargetMatrix> {
  async function* visit(name: string, weight: LinearWeight): AsyncGenerator<TargetMatrix> {
    if (appliesToFactors(weight, method)) {
      for (const factor of weight.factors!) yield* visit(`${name}.${factor.name}`, factor.weight);
    } else {
      yield await targetOf(name, weight);
    }
  }
  return {
    async *[Symbol.asyncIterator]() {
      for (const name of names) yield* visit(name, model.linears.get(name)!);
    },
  };
}

async function targetOf(name: string, weight: LinearWeight): Promise<TargetMatrix> {
  return { name, shape: weight.shape, values: await weight.dense(), weight };
}

function appliesToFactors(weight: LinearWeight, { appliesTo }: MatrixMethod): boolean {
  return appliesTo === 'values' && Boolean(weight.factors && weight.withFactors);
}

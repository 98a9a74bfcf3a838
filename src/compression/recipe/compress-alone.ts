import type { Model } from '../../model/model';
import type { LinearWeight } from '../../weights/linear-weight';
import { applyStep, type StepOptions } from './apply-step';
import { compressEachBlock } from '../calibration/each-block';
import { type CalibratedMethod, RecipeError } from '../method';
import type { CheckedStep } from './recipe';
import type { Progress } from '../../progress/progress';

/**
 * Compresses each of the modules as if it were the step's only target, with everything else unchanged.
 *
 * @returns new weights by module name, owned by the caller
 * @throws RecipeError where the method changes the model as a whole, or does not fit; no tensor is leaked then
 */
export async function compressAlone(
  model: Model,
  step: Pick<CheckedStep, 'method' | 'parameters'>,
  targets: readonly string[],
  options: StepOptions,
): Promise<Map<string, LinearWeight>> {
  const { method } = step;
  if ('compressModel' in method) {
    throw new RecipeError(
      `${method.id} changes the model as a whole, so a single linear has no sensitivity under it; choose a method on matrices.`,
    );
  }
  const weights = new Map<string, LinearWeight>();
  try {
    if ('compressCalibrated' in method && options.calibration) {
      const collecting = collectingMethod(method, weights);
      const { calibration } = options;
      const unchanged = await compressEachBlock(model, collecting, step.parameters, targets, {
        ...options,
        calibration,
      });
      unchanged.dispose();
      return weights;
    }
    for (const [index, name] of targets.entries()) {
      const onProgress = ({ label, done, unit }: Progress) =>
        options.onProgress?.({ label, done: index + done, total: targets.length, unit });
      const changed = await applyStep(model, step, [name], { ...options, onProgress });
      weights.set(name, changed.linears.get(name)!.clone());
      changed.dispose();
    }
    return weights;
  } catch (error) {
    for (const weight of weights.values()) weight.dispose();
    throw error;
  }
}

/**
 * Collects the method's results and returns the original weights, so that all statistics are those of the
 * uncompressed model.
 */
function collectingMethod(method: CalibratedMethod, weights: Map<string, LinearWeight>): CalibratedMethod {
  return {
    ...method,
    compressCalibrated: async (target, ...rest) => {
      weights.set(target.name, await method.compressCalibrated(target, ...rest));
      return target.weight.clone();
    },
  };
}

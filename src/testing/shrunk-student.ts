import * as tf from '@tensorflow/tfjs';
import { DenseParameters } from '../model/gradients/differentiable-weights';
import type { Model } from '../model/model';
import type { Student } from '../train/student';

/** A student that is a model with every linear of its blocks scaled. The caller disposes of the parameters. */
export async function shrunkStudent(
  model: Model,
  scale: number,
): Promise<{ student: Student; parameters: DenseParameters }> {
  const whole = await DenseParameters.of(model);
  const inBlocks = new Set(model.blockLinears);
  const matrices = [...whole.matrices].map(([module, matrix]) => {
    const scaled = tf.mul(matrix, inBlocks.has(module) ? scale : 1) as tf.Tensor2D;
    matrix.dispose();
    return [module, scaled] as const;
  });
  const parameters = new DenseParameters(model.config, new Map(matrices), whole.vectors);
  const student: Student = {
    config: model.config,
    linear: (module) => parameters.linear(module),
    vector: (tensor) => parameters.vector(tensor),
    parameters: matrices.map(([name, tensor]) => ({ name, tensor, decays: true })),
    inStep: (work) => work(),
  };
  return { student, parameters };
}

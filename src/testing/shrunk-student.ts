import { DenseParameters } from '../model/gradients/differentiable-weights';
import type { Model } from '../model/model';
import type { Student } from '../train/student';
import { shrunkModel } from './shrunk-model';

/** Student with every linear of the model's blocks scaled. The caller disposes of the parameters. */
export async function shrunkStudent(
  model: Model,
  scale: number,
): Promise<{ student: Student; parameters: DenseParameters }> {
  const shrunk = await shrunkModel(model, scale);
  try {
    const parameters = await DenseParameters.of(shrunk);
    const student: Student = {
      config: model.config,
      linear: (module) => parameters.linear(module),
      vector: (tensor) => parameters.vector(tensor),
      parameters: [...parameters.matrices].map(([name, tensor]) => ({ name, tensor, decays: true })),
      inStep: (work) => work(),
    };
    return { student, parameters };
  } finally {
    shrunk.dispose();
  }
}

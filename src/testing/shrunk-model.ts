import type { Model } from '../model/model';
import { DenseWeight } from '../weights/formats/dense-weight';
import type { LinearWeight } from '../weights/linear-weight';

/** Copy of a model with every linear of its blocks scaled. The caller disposes of it. */
export async function shrunkModel(model: Model, scale: number): Promise<Model> {
  const linears = new Map<string, LinearWeight>();
  for (const module of model.blockLinears) {
    const weight = model.linears.get(module)!;
    const values = (await weight.dense()).map((value) => Math.fround(value * scale));
    linears.set(module, DenseWeight.fromValues(values, weight.shape));
  }
  return model.withLinears(linears);
}

import { readFloats } from '../engines/webgpu/transfer';
import type { Model } from '../model/model';

/** Dense values of all matrices and vectors of a model by name. */
export async function weightsOfModel({ linears, vectors }: Model): Promise<Record<string, Float32Array>> {
  const weights: Record<string, Float32Array> = {};
  for (const [name, weight] of linears) weights[name] = await weight.dense();
  for (const [name, vector] of vectors) weights[name] = await readFloats(vector);
  return weights;
}

/** Flat indices of exact zeros in each linear of the blocks. */
export async function zerosOfModel(model: Model): Promise<Map<string, number[]>> {
  const zeros = new Map<string, number[]>();
  for (const name of model.blockLinears) {
    const values = await model.linears.get(name)!.dense();
    zeros.set(
      name,
      [...values.keys()].filter((index) => values[index] === 0),
    );
  }
  return zeros;
}

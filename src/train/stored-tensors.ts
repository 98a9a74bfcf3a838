import type { LinearWeight, WeightFormat } from '../weights/linear-weight';
import { loadWeight } from '../weights/formats';

/** Bytes of a stored tensor of a weight. @throws Error if the format stores no tensor with that suffix */
export async function readStored(weight: LinearWeight, suffix: string): Promise<Uint8Array> {
  const tensor = weight.stored().find((candidate) => candidate.suffix === suffix);
  if (!tensor) throw new Error(`A weight of the format ${weight.format} stores no tensor ${suffix}.`);
  return tensor.read();
}

/** Whether a weight stores a tensor with that suffix. */
export function stores(weight: LinearWeight, suffix: string): boolean {
  return weight.stored().some((tensor) => tensor.suffix === suffix);
}

/**
 * Replaces one stored tensor of a weight; everything else (codes, masks, indices) stays bit for bit.
 * @param values float32, as many as the tensor has; the caller owns the result
 * @param load loads the weight's format; default: the registry's loader
 */
export function withStoredValues(
  weight: LinearWeight,
  suffix: string,
  values: Float32Array,
  load: WeightFormat['load'] = (...args) => loadWeight(weight.format, ...args),
): Promise<LinearWeight> {
  const stored = new Map(weight.stored().map((tensor) => [tensor.suffix, tensor]));
  return load(weight.shape, weight.attributes(), async (wanted) => {
    const tensor = stored.get(wanted);
    if (!tensor) throw new Error(`the tensor ${wanted} is missing`);
    const { shape, dtype } = tensor;
    return { bytes: wanted === suffix ? bytesOf(values) : await tensor.read(), shape, dtype };
  });
}

/** Values of a stored float32 tensor. @throws Error if the format stores no tensor with that suffix */
export async function readStoredFloats(weight: LinearWeight, suffix: string): Promise<Float32Array> {
  return new Float32Array((await readStored(weight, suffix)).slice().buffer);
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.slice().buffer);
}

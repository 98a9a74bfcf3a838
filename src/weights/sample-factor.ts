import { DenseWeight } from './formats/dense-weight';

/**
 * A factor of a sample: some of its values, made so small that a product of two factors is about as large as a trained
 * matrix.
 * @param start index of the first value to take
 */
export function sampleFactor(values: Float32Array, shape: readonly [number, number], start = 0): DenseWeight {
  const taken = values.slice(start, start + shape[0] * shape[1]);
  return DenseWeight.fromValues(
    taken.map((value) => value / 5),
    shape,
  );
}

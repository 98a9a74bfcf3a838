import { DenseWeight } from './formats/dense-weight';

/**
 * Factor of a sample from some of its values, scaled so that a product of two factors has the magnitude of a trained matrix.
 * @param start index of the first value to take
 */
export function sampleFactor(values: Float32Array, shape: readonly [number, number], start = 0): DenseWeight {
  const taken = values.slice(start, start + shape[0] * shape[1]);
  return DenseWeight.fromValues(
    taken.map((value) => value / 5),
    shape,
  );
}

import { referenceMatmul } from './reference-matmul';

/**
 * Relative output error of a layer, ‖(W − Ŵ) Xᵀ‖² / ‖W Xᵀ‖², in float64.
 * @param weights row-major [out, in], as is `approximation`
 * @param inputs row-major [tokens, in]
 */
export function outputError(
  weights: ArrayLike<number>,
  approximation: ArrayLike<number>,
  inputs: ArrayLike<number>,
  [outputs, width]: readonly [number, number],
): number {
  const tokens = inputs.length / width;
  const outputOf = (matrix: ArrayLike<number>) => referenceMatmul(inputs, matrix, [tokens, width, outputs]);
  const [before, after] = [outputOf(weights), outputOf(approximation)];
  let [lost, whole] = [0, 0];
  before.forEach((value, index) => {
    lost += (value - after[index]) ** 2;
    whole += value ** 2;
  });
  return lost / whole;
}

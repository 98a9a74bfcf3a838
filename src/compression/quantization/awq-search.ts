import { type LongTask, partOf } from '../../linalg/long-task';
import { innerProduct, type Matrix } from '../../linalg/matrix';
import { product } from '../../linalg/matrix-product';
import { chooseGrid, decode, encode, type QuantizationScheme, scaleIndex } from '../../weights/quantization';

/** Candidate exponents: 0, 1/20 … 19/20. */
const EXPONENTS = 20;
/** Lower bound on a power of an input's magnitude. */
const LEAST_SCALE = 1e-4;

/** Result of the search. */
export interface AwqScales {
  readonly exponent: number;
  /** Factors by which each input's weights are multiplied before rounding, [in]; all 1 for the exponent 0. */
  readonly scales: Float64Array;
  /** ‖(W − Ŵ)X‖² with these scales. */
  readonly outputError: number;
}

/**
 * Searches for the scale of each input that reduces the rounding error of weights which meet large activations (Lin
 * et al. 2023, "AWQ", section 3.2, equations 4 and 5): s = (mean |x|)^α, normalized to √(max s · min s) = 1, with the
 * α of a grid whose rounded matrix Q(W · diag(s)) · diag(s)⁻¹ changes the outputs least. The error of the outputs is
 * a closed form of the Hessian, tr(D H Dᵀ) with D = W − Ŵ, so no activations are stored.
 *
 * @param weights [out, in]
 * @param hessian Σ x xᵀ, [in, in]
 * @param means mean |x|, [in]
 */
export async function searchAwqScales(
  weights: Matrix,
  hessian: Matrix,
  means: ArrayLike<number>,
  scheme: QuantizationScheme,
  task: LongTask = {},
): Promise<AwqScales> {
  let best: AwqScales | undefined;
  for (let step = 0; step < EXPONENTS; step++) {
    const exponent = step / EXPONENTS;
    const scales = awqScales(means, exponent);
    const difference = roundingDifference(weights, scales, scheme);
    const part = partOf(task, step / EXPONENTS, (step + 1) / EXPONENTS);
    const weighted = await product(difference, hessian, part);
    const outputError = innerProduct(difference.values, 0, weighted.values, 0, weighted.values.length);
    if (!best || outputError < best.outputError) best = { exponent, scales, outputError };
  }
  return best!;
}

function awqScales(means: ArrayLike<number>, exponent: number): Float64Array {
  const powers = Float64Array.from(means, (mean) => Math.max(mean ** exponent, LEAST_SCALE));
  let [least, greatest] = [Infinity, 0];
  for (const power of powers) {
    least = Math.min(least, power);
    greatest = Math.max(greatest, power);
  }
  const middle = Math.sqrt(least * greatest);
  return powers.map((power) => power / middle);
}

/** W − Q(W · diag(s)) · diag(s)⁻¹. */
function roundingDifference(weights: Matrix, scales: Float64Array, scheme: QuantizationScheme): Matrix {
  const { rows, columns, values } = weights;
  const scaled = values.map((value, place) => value * scales[place % columns]);
  const grid = chooseGrid(scaled, [rows, columns], scheme);
  for (let place = 0; place < scaled.length; place++) {
    const column = place % columns;
    const scale = scaleIndex(grid, columns, (place - column) / columns, column);
    scaled[place] = values[place] - decode(grid, scale, encode(grid, scale, scaled[place])) / scales[column];
  }
  return { rows, columns, values: scaled };
}

import { z } from 'zod';
import type { MatrixMethod } from '../../../src/compression/method';
import { parameter } from '../../../src/parameters/parameter';
import { weightOnGrid } from '../../../src/weights/quantize-weight';

/** A matrix as signs times a scale a row. */
export interface TernaryMatrix {
  /** −1, 0 or 1, row-major [rows, width]. */
  readonly signs: Int8Array;
  /** [rows] */
  readonly scales: Float32Array;
}

/**
 * Rounds each row w to scale · {−1, 0, 1}, nearly the nearest such row: magnitudes above Δ = factor · mean|w| keep their
 * sign, and the scale is their mean (Li, Zhang and Liu 2016, "Ternary Weight Networks", equations 5 and 6).
 * @param values row-major [rows, width]
 */
export function ternarize(
  values: Float32Array,
  [rows, width]: readonly [number, number],
  factor: number,
): TernaryMatrix {
  const signs = new Int8Array(values.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * width, (row + 1) * width);
    const threshold = factor * mean(own.map(Math.abs));
    signs.set(
      own.map((value) => (Math.abs(value) > threshold ? Math.sign(value) : 0)),
      row * width,
    );
    scales[row] = mean(own.map(Math.abs).filter((magnitude) => magnitude > threshold));
  }
  return { signs, scales };
}

/** Mean of some values; of none, 1: the scale of a row of zeros. */
function mean(values: Float32Array): number {
  return values.length === 0 ? 1 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

const schema = z.strictObject({
  factor: parameter(z.number().min(0).max(3).default(0.7), {
    label: 'Threshold',
    step: 0.05,
    help: 'Weights below this many times the mean magnitude of their row become 0; 0.7 is nearly the best of normal weights.',
  }),
});

type Parameters = z.infer<typeof schema>;

/** Each weight as −1, 0 or 1 times the scale of its row. */
export const ternaryWeights: MatrixMethod<Parameters> = {
  id: 'ternary-weights',
  title: 'Ternary weights',
  paper: 'Li, Zhang and Liu 2016, "Ternary Weight Networks", section 2',
  summary: 'Rounds each weight to −1, 0 or 1 times a scale of its row, in 2 bits a weight.',
  appliesTo: 'values',
  schema,

  async compress({ values, shape, weight }, { factor }) {
    const [rows, width] = shape;
    const { signs, scales } = ternarize(values, shape, factor);
    const rounded = Float32Array.from(signs, (sign, index) => sign * scales[Math.floor(index / width)]);
    const zeroPoints = new Uint8Array(rows);
    const grid = {
      bits: 2,
      symmetric: true,
      perTensor: false,
      groupSize: width,
      scales,
      zeroPoints,
    } as const;
    return weightOnGrid(weight, rounded, grid);
  },
};

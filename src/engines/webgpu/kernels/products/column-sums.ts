import type * as tf from '@tensorflow/tfjs';
import { columnReduction } from '../wgsl/column-reduction';

const MEASURES = {
  sums: reductionOf('sums', 'value', 'a + b'),
  squareSums: reductionOf('square-sums', 'value * value', 'a + b'),
  absoluteSums: reductionOf('absolute-sums', 'abs(value)', 'a + b'),
  absoluteMaxima: reductionOf('absolute-maxima', 'abs(value)', 'max(a, b)'),
} as const;

/**
 * Σ x, Σ x², Σ |x| or max |x| of each column: [rows, width] → [width]. tfjs transposes a matrix before summing its columns.
 */
export function columnSums(x: tf.Tensor2D, measure: keyof typeof MEASURES): tf.Tensor1D {
  return MEASURES[measure]({ x }, x.shape);
}

function reductionOf(measure: string, ofValue: string, combined: string) {
  return columnReduction({
    name: `column-${measure}`,
    inputs: { x: 'array<Lane>' },
    term: `fn term(row: u32, index: u32) -> Lane { let value = x[index]; return ${ofValue}; }`,
    combined,
  });
}

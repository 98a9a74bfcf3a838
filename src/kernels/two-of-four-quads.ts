import type * as tf from '@tensorflow/tfjs';
import type { QuadForm } from './token-tile';

/**
 * Rows of 2:4 sparsity with float32 values for many tokens: a quad is a group of two values and four bits of indices, those of
 * the first value lowest.
 * @param values [rows, width / 2]; @param indices [rows · width / 32] words, rows one after the other
 */
export function twoOfFourQuadForm(values: tf.Tensor, indices: tf.Tensor, width: number): QuadForm {
  return {
    name: '2-of-4',
    inputs: [
      { name: 'values', type: 'array<vec2f>', tensor: values },
      { name: 'indices', type: 'array<u32>', tensor: indices },
    ],
    declarations: `fn twoOfFour(pair: vec2f, places: u32) -> vec4f {
  let first = places & 3u;
  let second = places & 12u;
  return vec4f(
    select(0.0, pair.x, first == 0u),
    select(select(0.0, pair.x, first == 1u), pair.y, second == 4u),
    select(select(0.0, pair.x, first == 2u), pair.y, second == 8u),
    select(0.0, pair.y, second == 12u),
  );
}`,
    rowState: (r) => `  let group${r} = row${r} * ${width / 4}u;`,
    rowQuad: (r) => {
      const group = `(group${r} + quad)`;
      return `twoOfFour(values[${group}], indices[${group} / 8u] >> (${group} % 8u * 4u))`;
    },
  };
}

import type * as tf from '@tensorflow/tfjs';
import type { BoundBuffer } from './bound-buffers';

/**
 * Layer normalization fused into the following product, for one token. With scale g, shift b, and mean m and deviation s of
 * x:
 *
 * W·((x − m)/s ∘ g + b) = (W·(g ∘ x) − m·(W·g))/s + W·b
 *
 * W·g and W·b are computed once; m and s come from the same pass over x, so that the norm needs no launch of its own.
 */
export interface FoldedNorm {
  /** g and b, [in] each. */
  readonly scale: tf.Tensor;
  readonly shift: tf.Tensor;
  readonly epsilon: number;
  /** W·g and W·b: [2, out]. */
  readonly products: tf.Tensor2D;
}

/** Additional buffers of the product. */
export function foldedNormInputs({ scale, products }: FoldedNorm): BoundBuffer[] {
  return [
    { name: 'normScale', type: 'array<vec4f>', tensor: scale },
    { name: 'normProducts', type: 'array<f32>', tensor: products },
  ];
}

/** WGSL of `normalized(product: f32, row: u32, sum: f32, squares: f32) -> f32`, with the sums of x and of its squares. */
export function foldedNormSource({ epsilon }: FoldedNorm): string {
  return `fn normalized(product: f32, row: u32, sum: f32, squares: f32) -> f32 {
  let mean = sum / f32(uniforms.width);
  let variance = max(squares / f32(uniforms.width) - mean * mean, 0.0);
  let centred = product - mean * normProducts[row];
  return centred * inverseSqrt(variance + ${epsilon}) + normProducts[uniforms.outputs + row];
}`;
}

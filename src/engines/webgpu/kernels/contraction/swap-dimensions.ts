import type * as tf from '@tensorflow/tfjs';
import type { OutputOf } from '../../define-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './swap-dimensions.wgsl?raw';

const KERNEL = elementKernel({
  name: 'swap-dimensions',
  inputs: { x: 'array<f32>' },
  outputs: { y: 'array<f32>' },
  uniforms: { elements: 'u32', sizeJ: 'u32', sizeK: 'u32', sizeL: 'u32' },
  body,
});

/**
 * Swaps the middle two of four dimensions: y[i, k, j, l] = x[i, j, k, l]. One pipeline serves all sizes.
 * @param x elements of these sizes, row-major
 * @param shape shape of the result, with as many elements
 */
export function swapDimensions<const Shape extends readonly number[]>(
  x: tf.Tensor,
  [i, j, k, l]: readonly [number, number, number, number],
  shape: Shape,
): OutputOf<Shape> {
  const elements = i * j * k * l;
  return KERNEL.run({
    inputs: { x },
    outputs: { y: shape },
    uniforms: { elements, sizeJ: j, sizeK: k, sizeL: l },
    workgroups: workgroupsOf(elements),
  }).y;
}

/** Transpose of a matrix. */
export function transposed(x: tf.Tensor2D): tf.Tensor2D {
  const [rows, columns] = x.shape;
  return swapDimensions(x, [1, rows, columns, 1], [columns, rows]);
}

import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import source from './swap-dimensions.wgsl?raw';

const KERNEL = elementKernel({ name: 'swap-dimensions', source });

/**
 * Swaps the two middle ones of four dimensions: y[i, k, j, l] = x[i, j, k, l]. One pipeline for all sizes.
 * @param x of the elements of these sizes, row-major
 * @param shape of the result, with as many elements
 */
export function swapDimensions(
  x: tf.Tensor,
  [i, j, k, l]: readonly [number, number, number, number],
  shape: number[],
): tf.Tensor {
  const elements = i * j * k * l;
  const [y] = runKernel(KERNEL, {
    inputs: [x],
    outputs: [{ shape, dtype: 'float32' }],
    uniforms: [elements, j, k, l],
    workgroups: workgroupsOf(elements),
  });
  return y;
}

/** The transposed of a matrix. */
export function transposed(x: tf.Tensor2D): tf.Tensor2D {
  const [rows, columns] = x.shape;
  return swapDimensions(x, [1, rows, columns, 1], [columns, rows]) as tf.Tensor2D;
}

import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import source from './own-expert.wgsl?raw';

const KERNEL = elementKernel({ name: 'own-expert', source });

/**
 * Leaves of each row what its expert computed and makes the rest zero: [rows, experts · size] → the same shape.
 * @param x the columns of one expert after those of another
 * @param experts [rows] int32: of each row its expert
 */
export function ownExpertColumns(x: tf.Tensor2D, experts: tf.Tensor1D, size: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const [y] = runKernel(KERNEL, {
    inputs: [x, experts],
    outputs: [{ shape: [rows, width], dtype: 'float32' }],
    uniforms: [rows * width, width, size],
    workgroups: workgroupsOf(rows * width),
  });
  return y as tf.Tensor2D;
}

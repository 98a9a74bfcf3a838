import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { kernelMemo } from '../wgsl/kernel-memo';
import { laneWidth, withLanes } from '../wgsl/lanes';
import source from './position-sums.wgsl?raw';

const remember = kernelMemo();

/**
 * Adds up the rows that stand at the same position of their sequences.
 * @param x [batch·length, width]
 * @param positions rows of the result; those from `length` on are zeros
 * @returns [positions, width]
 */
export function positionSums(x: tf.Tensor2D, length: number, positions: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const lanes = width / laneWidth(width);
  const kernel = remember(String(laneWidth(width)), () =>
    elementKernel(
      { name: 'position-sums', source: withLanes(source, width) },
      'uniforms.positions * uniforms.lanes',
    ),
  );
  const [y] = runKernel(kernel, {
    inputs: [x],
    outputs: [{ shape: [positions, width], dtype: 'float32' }],
    uniforms: [rows / length, length, positions, lanes],
    workgroups: workgroupsOf(positions * lanes),
  });
  return y as tf.Tensor2D;
}

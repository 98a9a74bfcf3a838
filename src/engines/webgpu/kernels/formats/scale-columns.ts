import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { kernelMemo } from '../wgsl/kernel-memo';
import { laneWidth, withLanes } from '../wgsl/lanes';
import source from './scale-columns.wgsl?raw';

const remember = kernelMemo();

/** x · diag(scales): [rows, width] → [rows, width]. @param scales [width] */
export function scaleColumns(x: tf.Tensor2D, scales: tf.Tensor): tf.Tensor2D {
  const [rows, width] = x.shape;
  const lanes = width / laneWidth(width);
  const kernel = remember(String(laneWidth(width)), () =>
    elementKernel(
      { name: 'scale-columns', source: withLanes(source, width) },
      'uniforms.rows * uniforms.lanes',
    ),
  );
  const [y] = runKernel(kernel, {
    inputs: [x, scales],
    outputs: [{ shape: [rows, width], dtype: 'float32' }],
    uniforms: [rows, lanes],
    workgroups: workgroupsOf(rows * lanes),
  });
  return y as tf.Tensor2D;
}

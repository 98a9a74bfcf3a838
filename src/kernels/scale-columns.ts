import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../gpu/device';
import { runKernel } from '../gpu/run-kernel';
import { foldWorkgroups } from './fold-workgroups';
import { kernelMemo } from './kernel-memo';
import { laneWidth, withLanes } from './lanes';
import source from './scale-columns.wgsl?raw';

const THREADS = 64;

const remember = kernelMemo();

/** x · diag(scales): [rows, width] → [rows, width]. @param scales [width] */
export function scaleColumns(x: tf.Tensor2D, scales: tf.Tensor): tf.Tensor2D {
  const [rows, width] = x.shape;
  const lanes = width / laneWidth(width);
  const kernel = remember(String(laneWidth(width)), () => ({
    name: 'scale-columns',
    source: withLanes(source, width),
  }));
  const { maxComputeWorkgroupsPerDimension } = currentGpu().device.limits;
  const [y] = runKernel(kernel, {
    inputs: [x, scales],
    outputs: [{ shape: [rows, width], dtype: 'float32' }],
    uniforms: [rows, lanes],
    workgroups: foldWorkgroups(Math.ceil((rows * lanes) / THREADS), maxComputeWorkgroupsPerDimension),
  });
  return y as tf.Tensor2D;
}

import type * as tf from '@tensorflow/tfjs';
import { float, type Kernel, runKernel } from '../../run-kernel';
import { emptyTensor } from '../../transfer';
import clippingSource from './clipping-scale.wgsl?raw';
import { kernelMemo } from '../wgsl/kernel-memo';
import { laneWidth, withLanes } from '../wgsl/lanes';
import partsSource from './square-parts.wgsl?raw';

const THREADS = 64;
/** Lanes that an invocation squares at least, and workgroups of one tensor at most. */
const LEAST_LANES = 8;
const MOST_WORKGROUPS = 32;

const CLIPPING: Kernel = { name: 'clipping-scale', source: clippingSource };
const remember = kernelMemo();

/**
 * The norm of all tensors together and what brings it down to a limit, without reading anything back.
 * @param limit greatest norm that is left alone
 * @returns [1] each: `norm`, and `scale`, min(1, limit / norm)
 */
export function clippingScaleOf(
  tensors: readonly tf.Tensor[],
  limit: number,
): { scale: tf.Tensor1D; norm: tf.Tensor1D } {
  const counts = tensors.map(({ size }) => workgroupsOf(size));
  const parts = counts.reduce((sum, count) => sum + count * THREADS, 0);
  const squares = emptyTensor([parts]);
  let offset = 0;
  tensors.forEach((tensor, index) => {
    squareParts(tensor, squares, offset, counts[index]);
    offset += counts[index] * THREADS;
  });
  const [scale, norm] = runKernel(CLIPPING, {
    inputs: [squares],
    outputs: [
      { shape: [1], dtype: 'float32' },
      { shape: [1], dtype: 'float32' },
    ],
    uniforms: [parts, float(limit)],
    workgroups: [1],
  });
  squares.dispose();
  return { scale: scale as tf.Tensor1D, norm: norm as tf.Tensor1D };
}

function workgroupsOf(size: number): number {
  const lanes = size / laneWidth(size);
  return Math.min(MOST_WORKGROUPS, Math.ceil(lanes / (THREADS * LEAST_LANES)));
}

/** Sums of squares of as many shares of a tensor as there are invocations, from `offset` on. */
function squareParts(tensor: tf.Tensor, squares: tf.Tensor, offset: number, workgroups: number): void {
  const lane = laneWidth(tensor.size);
  const kernel = remember(String(lane), () => ({
    name: 'square-parts',
    source: withLanes(partsSource, lane),
  }));
  runKernel(kernel, {
    inputs: [tensor],
    outputs: [squares],
    uniforms: [tensor.size / lane, offset, workgroups * THREADS],
    workgroups: [workgroups],
  });
}

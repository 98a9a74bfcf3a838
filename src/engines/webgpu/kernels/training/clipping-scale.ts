import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { emptyTensor } from '../../transfer';
import clippingBody from './clipping-scale.wgsl?raw';
import { laneWidth, type LaneWidth, lanesSource } from '../wgsl/lanes';
import partsBody from './square-parts.wgsl?raw';

const THREADS = 64;
/** Minimum lanes per invocation, and maximum workgroups per tensor. */
const LEAST_LANES = 8;
const MOST_WORKGROUPS = 32;

const CLIPPING = defineKernel({
  name: 'clipping-scale',
  inputs: { squares: 'array<f32>' },
  outputs: { scale: 'array<f32>', norm: 'array<f32>' },
  uniforms: { parts: 'u32', limit: 'f32' },
  body: clippingBody,
});
const squarePartsKernel = kernelFamily(({ lane }: { lane: LaneWidth }) =>
  defineKernel({
    name: 'square-parts',
    inputs: { x: 'array<Lane>' },
    outputs: { squares: 'array<f32>' },
    uniforms: { lanes: 'u32', offset: 'u32', stride: 'u32' },
    body: [lanesSource(lane), partsBody],
  }),
);

/**
 * Global norm of all tensors and the scale that clips it to a limit, without reading back.
 * @param limit greatest norm that is not scaled
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
  const made = CLIPPING.run({
    inputs: { squares },
    outputs: { scale: [1], norm: [1] },
    uniforms: { parts, limit },
    workgroups: [1],
  });
  squares.dispose();
  return made;
}

function workgroupsOf(size: number): number {
  const lanes = size / laneWidth(size);
  return Math.min(MOST_WORKGROUPS, Math.ceil(lanes / (THREADS * LEAST_LANES)));
}

/** Sums of squares of parts of a tensor, one per invocation, written from `offset` on. */
function squareParts(tensor: tf.Tensor, squares: tf.Tensor, offset: number, workgroups: number): void {
  const lane = laneWidth(tensor.size);
  squarePartsKernel({ lane }).run({
    inputs: { x: tensor },
    outputs: { squares },
    uniforms: { lanes: tensor.size / lane, offset, stride: workgroups * THREADS },
    workgroups: [workgroups],
  });
}

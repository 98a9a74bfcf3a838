import type * as tf from '@tensorflow/tfjs';
import { type KernelOutput, runKernel } from '../../run-kernel';
import { emptyTensor } from '../../transfer';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { kernelMemo } from '../wgsl/kernel-memo';
import { laneWidth, withLanes } from '../wgsl/lanes';
import source from './heads.wgsl?raw';

/** How the heads of a batch of sequences lie side by side in one matrix. */
export interface HeadLayout {
  /** Tokens of one sequence. */
  readonly length: number;
  readonly headWidth: number;
  /** Roles beside each other in a row, each with all its heads: 3 where query, key and value are one matrix. */
  readonly roles: number;
}

const remember = kernelMemo();

/**
 * Takes a matrix of activations apart: [batch·length, roles·heads·headWidth] → of each role [batch·heads, length, headWidth].
 */
export function splitHeads(x: tf.Tensor2D, layout: HeadLayout): tf.Tensor3D[] {
  const [rows, width] = x.shape;
  const { length, headWidth, roles } = layout;
  const heads = width / roles / headWidth;
  const shape = [(rows / length) * heads, length, headWidth];
  return roleNumbers(roles).map(
    (role) => run('split', x, { shape, dtype: 'float32' }, role, heads, layout) as tf.Tensor3D,
  );
}

/** Puts together what `splitHeads` takes apart. */
export function joinHeads(parts: readonly tf.Tensor3D[], layout: HeadLayout, heads: number): tf.Tensor2D {
  const [ofBatch] = parts[0].shape;
  const { length, headWidth, roles } = layout;
  const y = emptyTensor([(ofBatch / heads) * length, roles * heads * headWidth]) as tf.Tensor2D;
  for (const role of roleNumbers(roles)) run('join', parts[role], y, role, heads, layout);
  return y;
}

function run(
  direction: 'split' | 'join',
  x: tf.Tensor,
  output: KernelOutput,
  role: number,
  heads: number,
  { length, headWidth, roles }: HeadLayout,
): tf.Tensor {
  const lane = laneWidth(headWidth);
  const kernel = remember(`${direction} ${lane}`, () =>
    elementKernel({
      name: `${direction}-heads`,
      constants: { SPLIT: direction === 'split' },
      source: withLanes(source, headWidth),
    }),
  );
  const headLanes = headWidth / lane;
  const elements = (direction === 'split' ? sizeOf(output) : x.size) / lane;
  const [y] = runKernel(kernel, {
    inputs: [x],
    outputs: [output],
    uniforms: [elements, length, heads, headLanes, role * heads * headLanes, roles * heads * headLanes],
    workgroups: workgroupsOf(elements),
  });
  return y;
}

function sizeOf({ shape }: KernelOutput): number {
  return shape.reduce((product, size) => product * size, 1);
}

function roleNumbers(roles: number): number[] {
  return Array.from({ length: roles }, (_, role) => role);
}

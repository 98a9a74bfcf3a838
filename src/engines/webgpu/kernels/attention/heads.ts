import type * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import { emptyTensor } from '../../transfer';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { laneWidth, type LaneWidth, lanesSource } from '../wgsl/lanes';
import body from './heads.wgsl?raw';

/** Layout of the heads of a batch of sequences in one matrix. */
export interface HeadLayout {
  /** Tokens per sequence. */
  readonly length: number;
  readonly headWidth: number;
  /** Roles side by side in a row, each with all its heads: 3 if query, key and value are one matrix. */
  readonly roles: number;
}

const kernelOf = kernelFamily(({ split, lane }: { split: boolean; lane: LaneWidth }) =>
  elementKernel({
    name: split ? 'split-heads' : 'join-heads',
    inputs: { x: 'array<Lane>' },
    outputs: { y: 'array<Lane>' },
    // Widths and offsets count lanes.
    uniforms: {
      elements: 'u32',
      length: 'u32',
      heads: 'u32',
      headWidth: 'u32',
      /** Offset of the role in a row. */
      offset: 'u32',
      stride: 'u32',
    },
    constants: { SPLIT: split },
    body: [lanesSource(lane), body],
  }),
);

/**
 * Splits a matrix of activations by role: [batch·length, roles·heads·headWidth] → for each role [batch·heads, length,
 * headWidth].
 */
export function splitHeads(x: tf.Tensor2D, layout: HeadLayout): tf.Tensor3D[] {
  const [rows, width] = x.shape;
  const { length, headWidth, roles } = layout;
  const heads = width / roles / headWidth;
  const lane = laneWidth(headWidth);
  return roleNumbers(roles).map((role) => {
    const { y } = kernelOf({ split: true, lane }).run({
      inputs: { x },
      outputs: { y: [(rows / length) * heads, length, headWidth] },
      ...launchOf((rows * heads * headWidth) / lane, role, heads, layout),
    });
    return y;
  });
}

/** Inverse of `splitHeads`. */
export function joinHeads(parts: readonly tf.Tensor3D[], layout: HeadLayout, heads: number): tf.Tensor2D {
  const [ofBatch] = parts[0].shape;
  const { length, headWidth, roles } = layout;
  const lane = laneWidth(headWidth);
  const y = emptyTensor([(ofBatch / heads) * length, roles * heads * headWidth]);
  for (const role of roleNumbers(roles)) {
    kernelOf({ split: false, lane }).run({
      inputs: { x: parts[role] },
      outputs: { y },
      ...launchOf(parts[role].size / lane, role, heads, layout),
    });
  }
  return y;
}

/** Uniforms and workgroups for the heads of one role with this many lanes. */
function launchOf(elements: number, role: number, heads: number, { length, headWidth, roles }: HeadLayout) {
  const headLanes = headWidth / laneWidth(headWidth);
  const uniforms = {
    elements,
    length,
    heads,
    headWidth: headLanes,
    offset: role * heads * headLanes,
    stride: roles * heads * headLanes,
  };
  return { uniforms, workgroups: workgroupsOf(elements) };
}

function roleNumbers(roles: number): number[] {
  return Array.from({ length: roles }, (_, role) => role);
}

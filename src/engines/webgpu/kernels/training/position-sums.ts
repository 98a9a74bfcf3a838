import type * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { laneWidth, type LaneWidth, lanesSource } from '../wgsl/lanes';
import body from './position-sums.wgsl?raw';

const kernelOf = kernelFamily(({ lane }: { lane: LaneWidth }) =>
  elementKernel(
    {
      name: 'position-sums',
      inputs: { x: 'array<Lane>' },
      outputs: { y: 'array<Lane>' },
      uniforms: {
        batch: 'u32',
        length: 'u32',
        positions: 'u32',
        /** Lanes per row. */
        lanes: 'u32',
      },
      body: [lanesSource(lane), body],
    },
    'uniforms.positions * uniforms.lanes',
  ),
);

/**
 * Sums the rows at the same position of their sequences.
 * @param x [batch·length, width]
 * @param positions number of rows of the result; those from `length` on are zeros
 * @returns [positions, width]
 */
export function positionSums(x: tf.Tensor2D, length: number, positions: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const lane = laneWidth(width);
  const lanes = width / lane;
  return kernelOf({ lane }).run({
    inputs: { x },
    outputs: { y: [positions, width] },
    uniforms: { batch: rows / length, length, positions, lanes },
    workgroups: workgroupsOf(positions * lanes),
  }).y;
}

import type * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { laneWidth, type LaneWidth, lanesSource } from '../wgsl/lanes';
import body from './scale-columns.wgsl?raw';

const kernelOf = kernelFamily(({ lane }: { lane: LaneWidth }) =>
  elementKernel(
    {
      name: 'scale-columns',
      inputs: { x: 'array<Lane>', scales: 'array<Lane>' },
      outputs: { y: 'array<Lane>' },
      uniforms: {
        rows: 'u32',
        /** Lanes per row. */
        lanes: 'u32',
      },
      body: [lanesSource(lane), body],
    },
    'uniforms.rows * uniforms.lanes',
  ),
);

/** x · diag(scales): [rows, width] → [rows, width]. @param scales [width] */
export function scaleColumns(x: tf.Tensor2D, scales: tf.Tensor): tf.Tensor2D {
  const [rows, width] = x.shape;
  const lane = laneWidth(width);
  const lanes = width / lane;
  return kernelOf({ lane }).run({
    inputs: { x, scales },
    outputs: { y: x.shape },
    uniforms: { rows, lanes },
    workgroups: workgroupsOf(rows * lanes),
  }).y;
}

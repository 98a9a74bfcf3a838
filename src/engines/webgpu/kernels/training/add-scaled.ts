import type * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './add-scaled.wgsl?raw';
import { laneWidth, type LaneWidth, lanesSource } from '../wgsl/lanes';

const kernelOf = kernelFamily(({ lane }: { lane: LaneWidth }) =>
  elementKernel(
    {
      name: 'add-scaled',
      inputs: { x: 'array<Lane>' },
      outputs: { y: 'array<Lane>' },
      uniforms: { lanes: 'u32', factor: 'f32' },
      body: [lanesSource(lane), body],
    },
    'uniforms.lanes',
  ),
);

/** Adds factor · x to y, in place. @param x of y's shape */
export function addScaled(y: tf.Tensor, x: tf.Tensor, factor: number): void {
  if (x.size !== y.size) throw new Error(`${x.shape.join('×')} cannot be added to ${y.shape.join('×')}.`);
  const lane = laneWidth(y.size);
  const lanes = y.size / lane;
  kernelOf({ lane }).run({
    inputs: { x },
    outputs: { y },
    uniforms: { lanes, factor },
    workgroups: workgroupsOf(lanes),
  });
}

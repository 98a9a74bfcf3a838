import type * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { laneWidth, type LaneWidth, lanesSource } from '../wgsl/lanes';
import body from './adamw.wgsl?raw';

/** What a step is made of; all of a parameter's shape are written in place but the gradient. */
export interface AdamwTensors {
  readonly parameter: tf.Tensor;
  readonly gradient: tf.Tensor;
  /** Running means of the gradient and of its square. */
  readonly first: tf.Tensor;
  readonly second: tf.Tensor;
  /** [1], what the gradient is multiplied by. */
  readonly scale: tf.Tensor;
  /** [3]: the learning rate, 1 / (1 − β₁ᵗ) and 1 / (1 − β₂ᵗ) at step t. */
  readonly schedule: tf.Tensor;
}

export interface AdamwConstants {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

const kernelOf = kernelFamily(({ lane }: { lane: LaneWidth }) =>
  elementKernel(
    {
      name: 'adamw',
      // The scale and the schedule change from step to step, and lie in buffers for that.
      inputs: { gradient: 'array<Lane>', scale: 'array<f32>', schedule: 'array<f32>' },
      outputs: { parameter: 'array<Lane>', first: 'array<Lane>', second: 'array<Lane>' },
      uniforms: { lanes: 'u32', beta1: 'f32', beta2: 'f32', epsilon: 'f32', weightDecay: 'f32' },
      body: [lanesSource(lane), body],
    },
    'uniforms.lanes',
  ),
);

/** One step of AdamW of one parameter tensor, in one dispatch. */
export function adamwStep(
  { parameter, gradient, first, second, scale, schedule }: AdamwTensors,
  { beta1, beta2, epsilon, weightDecay }: AdamwConstants,
): void {
  const lane = laneWidth(parameter.size);
  const lanes = parameter.size / lane;
  kernelOf({ lane }).run({
    inputs: { gradient, scale, schedule },
    outputs: { parameter, first, second },
    uniforms: { lanes, beta1, beta2, epsilon, weightDecay },
    workgroups: workgroupsOf(lanes),
  });
}

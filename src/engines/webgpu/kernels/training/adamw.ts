import type * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { laneWidth, type LaneWidth, lanesSource } from '../wgsl/lanes';
import body from './adamw.wgsl?raw';

/**
 * Tensors of a step, of the parameter's shape unless stated; all but the gradient, scale and schedule are updated in place.
 */
export interface AdamwTensors {
  readonly parameter: tf.Tensor;
  readonly gradient: tf.Tensor;
  /** Moving averages of the gradient and of its square. */
  readonly first: tf.Tensor;
  readonly second: tf.Tensor;
  /** [1]: factor of the gradient. */
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
      // Scale and schedule are in buffers because they change every step.
      inputs: { gradient: 'array<Lane>', scale: 'array<f32>', schedule: 'array<f32>' },
      outputs: { parameter: 'array<Lane>', first: 'array<Lane>', second: 'array<Lane>' },
      uniforms: { lanes: 'u32', beta1: 'f32', beta2: 'f32', epsilon: 'f32', weightDecay: 'f32' },
      body: [lanesSource(lane), body],
    },
    'uniforms.lanes',
  ),
);

/** One AdamW step for one parameter tensor, in one dispatch. */
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

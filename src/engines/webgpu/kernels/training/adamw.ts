import type * as tf from '@tensorflow/tfjs';
import { float, runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { kernelMemo } from '../wgsl/kernel-memo';
import { laneWidth, withLanes } from '../wgsl/lanes';
import source from './adamw.wgsl?raw';

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

const remember = kernelMemo();

/** One step of AdamW of one parameter tensor, in one dispatch. */
export function adamwStep(
  { parameter, gradient, first, second, scale, schedule }: AdamwTensors,
  { beta1, beta2, epsilon, weightDecay }: AdamwConstants,
): void {
  const lane = laneWidth(parameter.size);
  const lanes = parameter.size / lane;
  const kernel = remember(String(lane), () =>
    elementKernel({ name: 'adamw', source: withLanes(source, lane) }, 'uniforms.lanes'),
  );
  runKernel(kernel, {
    inputs: [gradient, scale, schedule],
    outputs: [parameter, first, second],
    uniforms: [lanes, float(beta1), float(beta2), float(epsilon), float(weightDecay)],
    workgroups: workgroupsOf(lanes),
  });
}

import type * as tf from '@tensorflow/tfjs';
import { float, runKernel } from '../../run-kernel';
import { workgroupsOf } from '../wgsl/element-kernel';
import gradientSource from './distillation-gradient.wgsl?raw';
import lossSource from './distillation.wgsl?raw';
import { laneWidth } from '../wgsl/lanes';
import logitsGradientSource from './logits-gradient.wgsl?raw';
import { type LogitsKernel, logitsKernel } from './logits-kernel';
import { rowThreads } from '../wgsl/row-threads';

/** How much of the loss is the teacher's, and how soft its word is. */
export interface Distillation {
  /** T: both models' logits are divided by it before the softmax. */
  readonly temperature: number;
  /** a, from 0 to 1: share of the divergence from the teacher; the rest is the cross-entropy. */
  readonly distillationWeight: number;
}

const UNIFORMS = ['temperature: f32', 'weight: f32'];

const LOSSES: LogitsKernel = {
  name: 'distillation',
  logits: ['logits', 'teacher'],
  inputs: [{ name: 'targets', type: 'array<i32>' }],
  outputs: [
    { name: 'losses', type: 'array<f32>' },
    { name: 'logPartitions', type: 'array<f32>' },
  ],
  uniforms: UNIFORMS,
  source: lossSource,
  isByRow: true,
};

const GRADIENT: LogitsKernel = {
  name: 'distillation-gradient',
  logits: ['logits', 'teacher'],
  inputs: [
    { name: 'targets', type: 'array<i32>' },
    { name: 'logPartitions', type: 'array<f32>' },
    { name: 'changes', type: 'array<f32>' },
  ],
  outputs: [{ name: 'y', type: 'array<Lane>' }],
  uniforms: UNIFORMS,
  source: `${gradientSource}\n${logitsGradientSource}`,
  isByRow: false,
};

/**
 * (1 − a) · cross-entropy + a · T² · KL(teacher_T ‖ student_T) of each row (Hinton et al. 2015, section 2), with what its
 * gradient needs.
 * @param logits of the student, [rows, classes]; @param teacher of the same shape
 * @param targets [rows] int32; negative: the row counts in neither part and its loss is 0
 * @returns `losses` [rows], and `logPartitions` [rows, 3]: of the student at temperature 1 and T, of the teacher at T
 */
export function distillationLosses(
  logits: tf.Tensor2D,
  teacher: tf.Tensor2D,
  targets: tf.Tensor1D,
  { temperature, distillationWeight }: Distillation,
): { losses: tf.Tensor1D; logPartitions: tf.Tensor2D } {
  const [rows, width] = logits.shape;
  const { key, workgroups } = rowThreads(rows);
  const [losses, logPartitions] = runKernel(logitsKernel(LOSSES, width, key), {
    inputs: [logits, teacher, targets],
    outputs: [
      { shape: [rows], dtype: 'float32' },
      { shape: [rows, 3], dtype: 'float32' },
    ],
    uniforms: [rows, width, float(temperature), float(distillationWeight)],
    workgroups,
  });
  return { losses: losses as tf.Tensor1D, logPartitions: logPartitions as tf.Tensor2D };
}

/**
 * What the losses hand back to the student's logits: dy · ((1 − a) · (softmax − one-hot) + a · T · (softmax_T − teacher_T)),
 * [rows, classes].
 * @param changes dy, gradient by each row's loss, [rows]
 */
export function distillationGradient(
  logits: tf.Tensor2D,
  teacher: tf.Tensor2D,
  targets: tf.Tensor1D,
  logPartitions: tf.Tensor2D,
  changes: tf.Tensor1D,
  { temperature, distillationWeight }: Distillation,
): tf.Tensor2D {
  const [rows, width] = logits.shape;
  const [y] = runKernel(logitsKernel(GRADIENT, width), {
    inputs: [logits, teacher, targets, logPartitions, changes],
    outputs: [{ shape: [rows, width], dtype: 'float32' }],
    uniforms: [rows, width, float(temperature), float(distillationWeight)],
    workgroups: workgroupsOf((rows * width) / laneWidth(width)),
  });
  return y as tf.Tensor2D;
}

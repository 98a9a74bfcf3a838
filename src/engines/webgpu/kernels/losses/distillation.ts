import type * as tf from '@tensorflow/tfjs';
import { workgroupsOf } from '../wgsl/element-kernel';
import gradientBody from './distillation-gradient.wgsl?raw';
import lossBody from './distillation.wgsl?raw';
import { laneWidth } from '../wgsl/lanes';
import logitsGradientBody from './logits-gradient.wgsl?raw';
import { kernelByLane, kernelByRow } from './logits-kernel';
import { rowThreads } from '../wgsl/row-threads';

/** Weight and temperature of the distillation loss. */
export interface Distillation {
  /** T: divides both models' logits before the softmax. */
  readonly temperature: number;
  /** a, from 0 to 1: weight of the divergence from the teacher; the rest is the cross-entropy. */
  readonly distillationWeight: number;
}

const UNIFORMS = { temperature: 'f32', weight: 'f32' } as const;

const lossKernel = kernelByRow({
  name: 'distillation',
  logits: ['logits', 'teacher'],
  inputs: { logits: 'array<Lane>', teacher: 'array<Lane>', targets: 'array<i32>' },
  outputs: { losses: 'array<f32>', logPartitions: 'array<f32>' },
  uniforms: UNIFORMS,
  body: [lossBody],
});

const gradientKernel = kernelByLane({
  name: 'distillation-gradient',
  logits: ['logits', 'teacher'],
  inputs: {
    logits: 'array<Lane>',
    teacher: 'array<Lane>',
    targets: 'array<i32>',
    logPartitions: 'array<f32>',
    changes: 'array<f32>',
  },
  outputs: { y: 'array<Lane>' },
  uniforms: UNIFORMS,
  body: [gradientBody, logitsGradientBody],
});

/**
 * (1 − a) · cross-entropy + a · T² · KL(teacher_T ‖ student_T) of each row (Hinton et al. 2015, section 2), with the log
 * partitions for its gradient.
 * @param logits of the student, [rows, classes]; @param teacher of the same shape
 * @param targets [rows] int32; negative: both terms are 0
 * @returns `losses` [rows], and `logPartitions` [rows, 3]: of the student at temperature 1 and T, of the teacher at T
 */
export function distillationLosses(
  logits: tf.Tensor2D,
  teacher: tf.Tensor2D,
  targets: tf.Tensor1D,
  { temperature, distillationWeight }: Distillation,
): { losses: tf.Tensor1D; logPartitions: tf.Tensor2D } {
  const [rows, width] = logits.shape;
  const { split, workgroups } = rowThreads(rows);
  return lossKernel({ lane: laneWidth(width), split }).run({
    inputs: { logits, teacher, targets },
    outputs: { losses: [rows], logPartitions: [rows, 3] },
    uniforms: { rows, width, temperature, weight: distillationWeight },
    workgroups,
  });
}

/**
 * Gradient with respect to the student's logits: dy · ((1 − a) · (softmax − one-hot) + a · T · (softmax_T − teacher_T)),
 * [rows, classes].
 * @param changes dy, gradient with respect to each row's loss, [rows]
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
  const lane = laneWidth(width);
  return gradientKernel({ lane }).run({
    inputs: { logits, teacher, targets, logPartitions, changes },
    outputs: { y: logits.shape },
    uniforms: { rows, width, temperature, weight: distillationWeight },
    workgroups: workgroupsOf((rows * width) / lane),
  }).y;
}

import type * as tf from '@tensorflow/tfjs';
import { workgroupsOf } from '../wgsl/element-kernel';
import gradientBody from './divergence-difference-gradient.wgsl?raw';
import lossBody from './divergence-difference.wgsl?raw';
import { laneWidth } from '../wgsl/lanes';
import { kernelByLane, kernelByRow } from './logits-kernel';
import { rowThreads } from '../wgsl/row-threads';

const LOGITS = { teacher: 'array<Lane>', first: 'array<Lane>', second: 'array<Lane>' } as const;
const UNIFORMS = { temperature: 'f32' } as const;

const lossKernel = kernelByRow({
  name: 'divergence-difference',
  logits: ['teacher', 'first', 'second'],
  inputs: LOGITS,
  outputs: { losses: 'array<f32>', moments: 'array<f32>' },
  uniforms: UNIFORMS,
  body: [lossBody],
});

const gradientKernel = kernelByLane({
  name: 'divergence-difference-gradient',
  logits: ['teacher', 'first', 'second'],
  inputs: { ...LOGITS, moments: 'array<f32>', changes: 'array<f32>' },
  outputs: { y: 'array<Lane>' },
  uniforms: UNIFORMS,
  body: [gradientBody],
});

/**
 * KL(teacher ‖ first) − KL(teacher ‖ second) of each row, all three softened by a temperature, with the moments for its
 * gradient.
 * @param logits of the three, [rows, classes] each
 * @returns `losses` [rows], and `moments` [rows, 2]: log Σ exp(teacher / T), and the teacher's mean of second − first
 */
export function divergenceDifferences(
  [teacher, first, second]: readonly [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D],
  temperature: number,
): { losses: tf.Tensor1D; moments: tf.Tensor2D } {
  const [rows, width] = teacher.shape;
  const { split, workgroups } = rowThreads(rows);
  return lossKernel({ lane: laneWidth(width), split }).run({
    inputs: { teacher, first, second },
    outputs: { losses: [rows], moments: [rows, 2] },
    uniforms: { rows, width, temperature },
    workgroups,
  });
}

/**
 * Gradient with respect to the teacher's logits, [rows, classes].
 * @param moments result of `divergenceDifferences`; @param changes gradient with respect to each row's loss, [rows]
 */
export function divergenceDifferenceGradient(
  [teacher, first, second]: readonly [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D],
  moments: tf.Tensor2D,
  changes: tf.Tensor1D,
  temperature: number,
): tf.Tensor2D {
  const [rows, width] = teacher.shape;
  const lane = laneWidth(width);
  return gradientKernel({ lane }).run({
    inputs: { teacher, first, second, moments, changes },
    outputs: { y: teacher.shape },
    uniforms: { rows, width, temperature },
    workgroups: workgroupsOf((rows * width) / lane),
  }).y;
}

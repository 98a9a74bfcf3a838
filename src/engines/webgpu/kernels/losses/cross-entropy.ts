import type * as tf from '@tensorflow/tfjs';
import { workgroupsOf } from '../wgsl/element-kernel';
import gradientBody from './cross-entropy-gradient.wgsl?raw';
import lossBody from './cross-entropy.wgsl?raw';
import { laneWidth } from '../wgsl/lanes';
import logitsGradientBody from './logits-gradient.wgsl?raw';
import { kernelByLane, kernelByRow } from './logits-kernel';
import { rowThreads } from '../wgsl/row-threads';

const lossKernel = kernelByRow({
  name: 'cross-entropy',
  logits: ['logits'],
  inputs: { logits: 'array<Lane>', targets: 'array<i32>' },
  outputs: { losses: 'array<f32>', logPartitions: 'array<f32>' },
  uniforms: {},
  body: [lossBody],
});

const gradientKernel = kernelByLane({
  name: 'cross-entropy-gradient',
  logits: ['logits'],
  inputs: {
    logits: 'array<Lane>',
    targets: 'array<i32>',
    logPartitions: 'array<f32>',
    changes: 'array<f32>',
  },
  outputs: { y: 'array<Lane>' },
  uniforms: {},
  body: [gradientBody, logitsGradientBody],
});

/**
 * Cross-entropy −log softmax(logits)[target] of each row, with the log partition for its gradient. Unlike for `tokenLoss`,
 * rows may have any width.
 * @param logits [rows, classes]
 * @param targets [rows] int32; negative for none, with loss 0
 * @returns `losses` and `logPartitions`, log Σ exp(logits), both [rows]
 */
export function crossEntropyLosses(
  logits: tf.Tensor2D,
  targets: tf.Tensor1D,
): { losses: tf.Tensor1D; logPartitions: tf.Tensor1D } {
  const [rows, width] = logits.shape;
  const { split, workgroups } = rowThreads(rows);
  return lossKernel({ lane: laneWidth(width), split }).run({
    inputs: { logits, targets },
    outputs: { losses: [rows], logPartitions: [rows] },
    uniforms: { rows, width },
    workgroups,
  });
}

/**
 * Gradient with respect to the logits: dy · (softmax − one-hot), [rows, classes].
 * @param changes dy, gradient with respect to each row's loss, [rows]
 */
export function crossEntropyGradient(
  logits: tf.Tensor2D,
  targets: tf.Tensor1D,
  logPartitions: tf.Tensor1D,
  changes: tf.Tensor1D,
): tf.Tensor2D {
  const [rows, width] = logits.shape;
  const lane = laneWidth(width);
  return gradientKernel({ lane }).run({
    inputs: { logits, targets, logPartitions, changes },
    outputs: { y: logits.shape },
    uniforms: { rows, width },
    workgroups: workgroupsOf((rows * width) / lane),
  }).y;
}

import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../../run-kernel';
import { workgroupsOf } from '../wgsl/element-kernel';
import gradientSource from './cross-entropy-gradient.wgsl?raw';
import lossSource from './cross-entropy.wgsl?raw';
import { laneWidth } from '../wgsl/lanes';
import logitsGradientSource from './logits-gradient.wgsl?raw';
import { type LogitsKernel, logitsKernel } from './logits-kernel';
import { rowThreads } from '../wgsl/row-threads';

const LOSSES: LogitsKernel = {
  name: 'cross-entropy',
  logits: ['logits'],
  inputs: [{ name: 'targets', type: 'array<i32>' }],
  outputs: [
    { name: 'losses', type: 'array<f32>' },
    { name: 'logPartitions', type: 'array<f32>' },
  ],
  uniforms: [],
  source: lossSource,
  isByRow: true,
};

const GRADIENT: LogitsKernel = {
  name: 'cross-entropy-gradient',
  logits: ['logits'],
  inputs: [
    { name: 'targets', type: 'array<i32>' },
    { name: 'logPartitions', type: 'array<f32>' },
    { name: 'changes', type: 'array<f32>' },
  ],
  outputs: [{ name: 'y', type: 'array<Lane>' }],
  uniforms: [],
  source: `${gradientSource}\n${logitsGradientSource}`,
  isByRow: false,
};

/**
 * −log softmax(logits)[target] of each row, with what its gradient needs. Unlike `tokenLoss`, rows may be of any width.
 * @param logits [rows, classes]
 * @param targets [rows] int32; negative: none, and the loss is 0
 * @returns `losses` and `logPartitions`, log Σ exp(logits), both [rows]
 */
export function crossEntropyLosses(
  logits: tf.Tensor2D,
  targets: tf.Tensor1D,
): { losses: tf.Tensor1D; logPartitions: tf.Tensor1D } {
  const [rows, width] = logits.shape;
  const { key, workgroups } = rowThreads(rows);
  const [losses, logPartitions] = runKernel(logitsKernel(LOSSES, width, key), {
    inputs: [logits, targets],
    outputs: [
      { shape: [rows], dtype: 'float32' },
      { shape: [rows], dtype: 'float32' },
    ],
    uniforms: [rows, width],
    workgroups,
  });
  return { losses: losses as tf.Tensor1D, logPartitions: logPartitions as tf.Tensor1D };
}

/**
 * What the losses hand back to the logits: dy · (softmax − one-hot), [rows, classes].
 * @param changes dy, gradient by each row's loss, [rows]
 */
export function crossEntropyGradient(
  logits: tf.Tensor2D,
  targets: tf.Tensor1D,
  logPartitions: tf.Tensor1D,
  changes: tf.Tensor1D,
): tf.Tensor2D {
  const [rows, width] = logits.shape;
  const [y] = runKernel(logitsKernel(GRADIENT, width), {
    inputs: [logits, targets, logPartitions, changes],
    outputs: [{ shape: [rows, width], dtype: 'float32' }],
    uniforms: [rows, width],
    workgroups: workgroupsOf((rows * width) / laneWidth(width)),
  });
  return y as tf.Tensor2D;
}

import type * as tf from '@tensorflow/tfjs';
import { float, runKernel } from '../../run-kernel';
import gradientSource from './divergence-difference-gradient.wgsl?raw';
import lossSource from './divergence-difference.wgsl?raw';
import { workgroupsOf } from '../wgsl/element-kernel';
import { laneWidth } from '../wgsl/lanes';
import { type LogitsKernel, logitsKernel } from './logits-kernel';
import { rowThreads } from '../wgsl/row-threads';

const LOGITS = ['teacher', 'first', 'second'];
const UNIFORMS = ['temperature: f32'];

const LOSSES: LogitsKernel = {
  name: 'divergence-difference',
  logits: LOGITS,
  inputs: [],
  outputs: [
    { name: 'losses', type: 'array<f32>' },
    { name: 'moments', type: 'array<f32>' },
  ],
  uniforms: UNIFORMS,
  source: lossSource,
  isByRow: true,
};

const GRADIENT: LogitsKernel = {
  name: 'divergence-difference-gradient',
  logits: LOGITS,
  inputs: [
    { name: 'moments', type: 'array<f32>' },
    { name: 'changes', type: 'array<f32>' },
  ],
  outputs: [{ name: 'y', type: 'array<Lane>' }],
  uniforms: UNIFORMS,
  source: gradientSource,
  isByRow: false,
};

/**
 * KL(teacher ‖ first) − KL(teacher ‖ second) of each row, all three softened by a temperature, with what its gradient needs.
 * @param logits of the three, [rows, classes] each
 * @returns `losses` [rows], and `moments` [rows, 2]: log Σ exp(teacher / T), and the teacher's mean of second − first
 */
export function divergenceDifferences(
  [teacher, first, second]: readonly [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D],
  temperature: number,
): { losses: tf.Tensor1D; moments: tf.Tensor2D } {
  const [rows, width] = teacher.shape;
  const { key, workgroups } = rowThreads(rows);
  const [losses, moments] = runKernel(logitsKernel(LOSSES, width, key), {
    inputs: [teacher, first, second],
    outputs: [
      { shape: [rows], dtype: 'float32' },
      { shape: [rows, 2], dtype: 'float32' },
    ],
    uniforms: [rows, width, float(temperature)],
    workgroups,
  });
  return { losses: losses as tf.Tensor1D, moments: moments as tf.Tensor2D };
}

/**
 * What the losses hand back to the teacher's logits, [rows, classes].
 * @param moments as the losses came with; @param changes gradient by each row's loss, [rows]
 */
export function divergenceDifferenceGradient(
  [teacher, first, second]: readonly [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D],
  moments: tf.Tensor2D,
  changes: tf.Tensor1D,
  temperature: number,
): tf.Tensor2D {
  const [rows, width] = teacher.shape;
  const [y] = runKernel(logitsKernel(GRADIENT, width), {
    inputs: [teacher, first, second, moments, changes],
    outputs: [{ shape: [rows, width], dtype: 'float32' }],
    uniforms: [rows, width, float(temperature)],
    workgroups: workgroupsOf((rows * width) / laneWidth(width)),
  });
  return y as tf.Tensor2D;
}

import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { columnReduction } from '../wgsl/column-reduction';
import { laneWidth, type LaneWidth, lanesSource } from '../wgsl/lanes';
import gradientBody from './layer-norm-gradient.wgsl?raw';
import momentsBody from './row-moments.wgsl?raw';
import { type RowSplit, rowThreads, rowThreadsSource } from '../wgsl/row-threads';

type Config = { split: RowSplit; lane: LaneWidth };

const momentsKernel = kernelFamily(({ split, lane }: Config) =>
  defineKernel({
    name: 'row-moments',
    inputs: { x: 'array<Lane>' },
    outputs: { moments: 'array<vec2f>' },
    uniforms: { rows: 'u32', width: 'u32', epsilon: 'f32' },
    body: [lanesSource(lane), momentsBody, rowThreadsSource(split)],
  }),
);

const inputGradientKernel = kernelFamily(({ split, lane }: Config) =>
  defineKernel({
    name: 'layer-norm-gradient',
    inputs: { x: 'array<Lane>', moments: 'array<vec2f>', scale: 'array<Lane>', change: 'array<Lane>' },
    outputs: { y: 'array<Lane>' },
    uniforms: { rows: 'u32', width: 'u32' },
    body: [lanesSource(lane), gradientBody, rowThreadsSource(split)],
  }),
);

/** Mean and (variance + ε)^−½ of each row: [rows, width] → [rows, 2]. */
export function rowMoments(x: tf.Tensor2D, epsilon: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const { split, workgroups } = rowThreads(rows);
  return momentsKernel({ split, lane: laneWidth(width) }).run({
    inputs: { x },
    outputs: { moments: [rows, 2] },
    uniforms: { rows, width, epsilon },
    workgroups,
  }).moments;
}

/**
 * Gradient of layer normalization with respect to its input. With x̂ the normalized row, g = dy·scale and means over the row,
 * dx = (g − mean(g) − x̂ · mean(g·x̂)) / σ.
 *
 * @param moments result of `rowMoments`
 * @param change gradient with respect to the result, [rows, width], as `x` and the returned tensor
 */
export function layerNormInputGradient(
  x: tf.Tensor2D,
  moments: tf.Tensor2D,
  scale: tf.Tensor,
  change: tf.Tensor2D,
): tf.Tensor2D {
  const [rows, width] = x.shape;
  const { split, workgroups } = rowThreads(rows);
  return inputGradientKernel({ split, lane: laneWidth(width) }).run({
    inputs: { x, moments, scale, change },
    outputs: { y: x.shape },
    uniforms: { rows, width },
    workgroups,
  }).y;
}

const scaleGradient = columnReduction({
  name: 'layer-norm-scale-gradient',
  inputs: { x: 'array<Lane>', change: 'array<Lane>', moments: 'array<vec2f>' },
  term: `fn term(row: u32, index: u32) -> Lane {
  let ofRow = moments[row];
  return change[index] * (x[index] - ofRow.x) * ofRow.y;
}`,
  combined: 'a + b',
});

/** Gradient of layer normalization with respect to its scale: Σ dy·x̂ of each column, [width]; that of its shift is Σ dy. */
export function layerNormScaleGradient(
  x: tf.Tensor2D,
  moments: tf.Tensor2D,
  change: tf.Tensor2D,
): tf.Tensor1D {
  return scaleGradient({ x, change, moments }, x.shape);
}

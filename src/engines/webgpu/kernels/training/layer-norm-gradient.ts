import type * as tf from '@tensorflow/tfjs';
import { float, type Kernel, runKernel } from '../../run-kernel';
import { type ColumnReduction, reduceColumns } from '../wgsl/column-reduction';
import { kernelMemo } from '../wgsl/kernel-memo';
import { laneWidth, withLanes } from '../wgsl/lanes';
import gradientSource from './layer-norm-gradient.wgsl?raw';
import momentsSource from './row-moments.wgsl?raw';
import { rowThreads, rowThreadsSource } from '../wgsl/row-threads';

const remember = kernelMemo();

/** Mean and (variance + ε)^−½ of each row: [rows, width] → [rows, 2]. */
export function rowMoments(x: tf.Tensor2D, epsilon: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const { key, workgroups } = rowThreads(rows);
  const [moments] = runKernel(kernelFor('row-moments', momentsSource, key, width), {
    inputs: [x],
    outputs: [{ shape: [rows, 2], dtype: 'float32' }],
    uniforms: [rows, width, float(epsilon)],
    workgroups,
  });
  return moments as tf.Tensor2D;
}

/**
 * What layer normalization hands back to its input. With x̂ the normalized row, g = dy·scale and means over the row,
 * dx = (g − mean(g) − x̂ · mean(g·x̂)) / σ.
 *
 * @param moments of `rowMoments`
 * @param change gradient by the result, [rows, width], as `x` and what is returned
 */
export function layerNormInputGradient(
  x: tf.Tensor2D,
  moments: tf.Tensor2D,
  scale: tf.Tensor,
  change: tf.Tensor2D,
): tf.Tensor2D {
  const [rows, width] = x.shape;
  const { key, workgroups } = rowThreads(rows);
  const [y] = runKernel(kernelFor('layer-norm-gradient', gradientSource, key, width), {
    inputs: [x, moments, scale, change],
    outputs: [{ shape: [rows, width], dtype: 'float32' }],
    uniforms: [rows, width],
    workgroups,
  });
  return y as tf.Tensor2D;
}

const SCALE_GRADIENT: ColumnReduction = {
  name: 'layer-norm-scale-gradient',
  inputs: [
    { name: 'x', type: 'array<Lane>' },
    { name: 'change', type: 'array<Lane>' },
    { name: 'moments', type: 'array<vec2f>' },
  ],
  term: `fn term(row: u32, index: u32) -> Lane {
  let ofRow = moments[row];
  return change[index] * (x[index] - ofRow.x) * ofRow.y;
}`,
  combined: 'a + b',
};

/** What layer normalization hands to its scale: Σ dy·x̂ of each column, [width]; its shift gets Σ dy. */
export function layerNormScaleGradient(
  x: tf.Tensor2D,
  moments: tf.Tensor2D,
  change: tf.Tensor2D,
): tf.Tensor1D {
  return reduceColumns(SCALE_GRADIENT, [x, change, moments], x.shape);
}

function kernelFor(name: string, source: string, key: string, width: number): Kernel {
  return remember(`${name} ${key} ${laneWidth(width)}`, () => ({
    name,
    source: withLanes(`const LANE_COLUMNS = ${laneWidth(width)}u;\n${source}\n${rowThreadsSource()}`, width),
  }));
}

import type * as tf from '@tensorflow/tfjs';
import { type Kernel, runKernel } from '../gpu/run-kernel';
import source from './column-sums.wgsl?raw';

const SUM = 'fn combined(a: f32, b: f32) -> f32 { return a + b; }';
const MAXIMUM = 'fn combined(a: f32, b: f32) -> f32 { return max(a, b); }';
const SQUARE = 'fn ofValue(value: f32) -> f32 { return value * value; }';
const MAGNITUDE = 'fn ofValue(value: f32) -> f32 { return abs(value); }';

const KERNELS = {
  squareSums: kernelOf(SQUARE, SUM),
  absoluteSums: kernelOf(MAGNITUDE, SUM),
  absoluteMaxima: kernelOf(MAGNITUDE, MAXIMUM),
} as const;

/** Σ x², Σ |x| or max |x| of each column: [rows, width] → [width]. tfjs turns a matrix round before it sums its columns. */
export function columnSums(x: tf.Tensor2D, measure: keyof typeof KERNELS): tf.Tensor1D {
  const [rows, width] = x.shape;
  const [y] = runKernel(KERNELS[measure], {
    inputs: [x],
    outputs: [{ shape: [width], dtype: 'float32' }],
    uniforms: [rows, width],
    workgroups: [Math.ceil(width / 64)],
  });
  return y as tf.Tensor1D;
}

function kernelOf(ofValue: string, combined: string): Kernel {
  return { name: 'column-sums', source: `${ofValue}\n${combined}\n${source}` };
}

import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import body from './blockwise-codes.wgsl?raw';
import grid from '../wgsl/blockwise-grid.wgsl?raw';

const KERNEL = defineKernel({
  name: 'blockwise-codes',
  inputs: { x: 'array<f32>' },
  outputs: { y: 'array<f32>' },
  uniforms: { width: 'u32', blockSize: 'u32', blocks: 'u32' },
  body: [grid, body],
});

/**
 * Rounds every value to 8 bits, each block of `blockSize` neighbours in a row with its own scale 2^shift: what passes between
 * two operations where all arithmetic is on integers (Dong et al. 2023, BCT). The values come back as float32, which holds
 * them exactly.
 * @param x [rows, width]; the last block of a row may be shorter
 */
export function blockwiseCodes(x: tf.Tensor2D, blockSize: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const blocks = Math.ceil(width / blockSize);
  return KERNEL.run({
    inputs: { x },
    outputs: { y: x.shape },
    uniforms: { width, blockSize, blocks },
    workgroups: [Math.ceil(blocks / 64), rows],
  }).y;
}

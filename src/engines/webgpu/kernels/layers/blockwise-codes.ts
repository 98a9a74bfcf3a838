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
 * Rounds values to 8 bits, with a scale 2^shift for each block of `blockSize` neighbours in a row, as between operations in
 * integer arithmetic (Dong et al. 2023, BCT). Returns float32 values, which represent the codes exactly.
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

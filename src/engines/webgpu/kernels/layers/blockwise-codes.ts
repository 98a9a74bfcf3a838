import type * as tf from '@tensorflow/tfjs';
import { type Kernel, runKernel } from '../../run-kernel';
import source from './blockwise-codes.wgsl?raw';
import grid from '../wgsl/blockwise-grid.wgsl?raw';

const KERNEL: Kernel = { name: 'blockwise-codes', source: `${grid}\n${source}` };

/**
 * Rounds every value to 8 bits, each block of `blockSize` neighbours in a row with its own scale 2^shift: what passes between
 * two operations where all arithmetic is on integers (Dong et al. 2023, BCT). The values come back as float32, which holds
 * them exactly.
 * @param x [rows, width]; the last block of a row may be shorter
 */
export function blockwiseCodes(x: tf.Tensor2D, blockSize: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const blocks = Math.ceil(width / blockSize);
  const [y] = runKernel(KERNEL, {
    inputs: [x],
    outputs: [{ shape: [rows, width], dtype: 'float32' }],
    uniforms: [width, blockSize, blocks],
    workgroups: [Math.ceil(blocks / 64), rows],
  });
  return y as tf.Tensor2D;
}

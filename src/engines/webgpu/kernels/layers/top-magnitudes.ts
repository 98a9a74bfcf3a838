import type * as tf from '@tensorflow/tfjs';
import { type Kernel, runKernel } from '../../run-kernel';
import { kernelMemo } from '../wgsl/kernel-memo';
import { kernelProfile } from '../wgsl/kernel-profile';
import source from './top-magnitudes.wgsl?raw';

/** A software adapter pays for barriers between subgroups. */
const THREADS = { software: 4, hardware: 64 } as const;

const remember = kernelMemo();

/**
 * Keeps of each row the values of greatest magnitude and makes the others zero; of values that are equal at the threshold all
 * stay.
 * @param x [rows, width]; @param kept values of a row, 1 to width
 */
export function topMagnitudes(x: tf.Tensor2D, kept: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const [y] = runKernel(kernelFor(THREADS[kernelProfile().name]), {
    inputs: [x],
    outputs: [{ shape: [rows, width], dtype: 'float32' }],
    uniforms: [width, kept],
    workgroups: [rows],
  });
  return y as tf.Tensor2D;
}

function kernelFor(threads: number): Kernel {
  return remember(String(threads), () => ({
    name: 'top-magnitudes',
    source: `const THREADS = ${threads}u;\n${source}`,
  }));
}

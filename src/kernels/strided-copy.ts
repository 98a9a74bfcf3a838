import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../gpu/run-kernel';
import kernelSource from './strided-copy.wgsl?raw';

type Four = readonly [number, number, number, number];

/** Copies a box of `sizes` elements between two layouts, strides in elements; makes a tensor of `outputShape`. */
export function stridedCopy(
  x: tf.Tensor,
  sizes: Four,
  sourceStrides: Four,
  destinationStrides: Four,
  outputShape: [number, number],
): tf.Tensor2D {
  const [groups, ...inner] = sizes;
  const [y] = runKernel(
    { name: 'strided-copy', source: kernelSource },
    {
      inputs: [x],
      outputs: [{ shape: outputShape, dtype: 'float32' }],
      uniforms: [...inner, ...sourceStrides, ...destinationStrides],
      workgroups: [Math.ceil((inner[0] * inner[1] * inner[2]) / 64), groups],
    },
  );
  return y as tf.Tensor2D;
}

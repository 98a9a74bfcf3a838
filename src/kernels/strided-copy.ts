import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../gpu/device';
import { runKernel } from '../gpu/run-kernel';
import { foldWorkgroups } from './fold-workgroups';
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
  const elements = sizes.reduce((product, size) => product * size, 1);
  const limit = currentGpu().device.limits.maxComputeWorkgroupsPerDimension;
  const [y] = runKernel(
    { name: 'strided-copy', source: kernelSource },
    {
      inputs: [x],
      outputs: [{ shape: outputShape, dtype: 'float32' }],
      uniforms: [...sizes, ...sourceStrides, ...destinationStrides],
      workgroups: foldWorkgroups(Math.ceil(elements / 64), limit),
    },
  );
  return y as tf.Tensor2D;
}

import type * as tf from '@tensorflow/tfjs';
import { internalsOf } from './backend-internals';
import { currentGpu } from './device';

/** Storage buffer of a tensor, which is uploaded first if it is on the CPU. */
export function gpuBufferOf(tensor: tf.Tensor): GPUBuffer {
  const internals = internalsOf(currentGpu().backend);
  internals.uploadToGPU(tensor.dataId);
  const { resource } = internals.tensorMap.get(tensor.dataId);
  if (!resource) throw new Error('A kernel was given a tensor without data on the GPU.');
  return resource;
}

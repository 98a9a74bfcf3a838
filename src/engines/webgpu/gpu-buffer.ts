import type * as tf from '@tensorflow/tfjs';
import { internalsOf } from './backend-internals';
import { currentGpu } from './device';

/** The storage buffer behind a tensor, uploaded if it was still on the CPU. */
export function gpuBufferOf(tensor: tf.Tensor): GPUBuffer {
  const internals = internalsOf(currentGpu().backend);
  internals.uploadToGPU(tensor.dataId);
  const { resource } = internals.tensorMap.get(tensor.dataId);
  if (!resource) throw new Error('A kernel was given a tensor without data on the GPU.');
  return resource;
}

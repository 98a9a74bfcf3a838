import type * as tf from '@tensorflow/tfjs';
import type { BufferType } from '../../define-kernel';

/** Storage buffer of a matrix that product kernels read. */
export interface BoundBuffer {
  /** Name of the variable in WGSL. */
  readonly name: string;
  readonly type: BufferType;
  readonly tensor: tf.Tensor;
}

/** Declarations of the buffers, in order. */
export function buffersOf(bound: readonly BoundBuffer[]): Record<string, BufferType> {
  return Object.fromEntries(bound.map(({ name, type }) => [name, type]));
}

/** Tensors of a launch, by name. */
export function tensorsOf(bound: readonly BoundBuffer[]): Record<string, tf.Tensor> {
  return Object.fromEntries(bound.map(({ name, tensor }) => [name, tensor]));
}

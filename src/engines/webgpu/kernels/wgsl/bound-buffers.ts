import type * as tf from '@tensorflow/tfjs';
import type { BufferType } from '../../define-kernel';

/** A storage buffer that a kernel reads, of a matrix whose kernels are put together from it. */
export interface BoundBuffer {
  /** Of the variable in WGSL. */
  readonly name: string;
  readonly type: BufferType;
  readonly tensor: tf.Tensor;
}

/** How the kernel declares them, in order. */
export function buffersOf(bound: readonly BoundBuffer[]): Record<string, BufferType> {
  return Object.fromEntries(bound.map(({ name, type }) => [name, type]));
}

/** The tensors of a launch, by name. */
export function tensorsOf(bound: readonly BoundBuffer[]): Record<string, tf.Tensor> {
  return Object.fromEntries(bound.map(({ name, tensor }) => [name, tensor]));
}

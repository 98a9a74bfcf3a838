import type * as tf from '@tensorflow/tfjs';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './index-digits.wgsl?raw';

/** Digit of an index in mixed radix, and the indices derived from it. */
export interface IndexDigit {
  /** Product of the sizes of all lower digits. */
  readonly below: number;
  /** Radix of the digit. */
  readonly size: number;
  /** Number of indices per id, `step` apart, starting at `scale` times the digit. */
  readonly count?: number;
  readonly scale?: number;
  readonly step?: number;
}

const KERNEL = elementKernel({
  name: 'index-digits',
  inputs: { ids: 'array<i32>' },
  outputs: { found: 'array<i32>' },
  uniforms: { elements: 'u32', count: 'u32', below: 'i32', size: 'i32', scale: 'i32', step: 'i32' },
  body,
});

/** (⌊id / below⌋ mod size)·scale + k·step for k below count: ids [n] int32 → [n·count] int32. */
export function indexDigits(
  ids: tf.Tensor1D,
  { below, size, count = 1, scale = 1, step = 0 }: IndexDigit,
): tf.Tensor1D {
  const elements = ids.size * count;
  return KERNEL.run({
    inputs: { ids },
    outputs: { found: [elements] },
    uniforms: { elements, count, below, size, scale, step },
    workgroups: workgroupsOf(elements),
  }).found;
}

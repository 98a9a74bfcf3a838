import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import body from './advance-sequence.wgsl?raw';

/** Where a sequence stands, on the GPU; each int32. */
export interface SequenceState {
  /** [1]: the token to go on with. */
  readonly id: tf.Tensor1D;
  /** [1]: tokens of the sequence, that one included. */
  readonly lengths: tf.Tensor1D;
  /** [1]: tokens drawn so far. */
  readonly step: tf.Tensor1D;
  /** [most]: those tokens. */
  readonly history: tf.Tensor1D;
}

const KERNEL = defineKernel({
  name: 'advance-sequence',
  inputs: { drawn: 'array<i32>' },
  outputs: { id: 'array<i32>', lengths: 'array<i32>', step: 'array<i32>', history: 'array<i32>' },
  body,
});

/** Appends a drawn id, [1] int32, to the sequence, in place. */
export function advanceSequence(drawn: tf.Tensor1D, { id, lengths, step, history }: SequenceState): void {
  KERNEL.run({ inputs: { drawn }, outputs: { id, lengths, step, history }, workgroups: [1] });
}

import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import body from './advance-sequence.wgsl?raw';

/** State of a sequence on the GPU; all int32. */
export interface SequenceState {
  /** [1]: last token. */
  readonly id: tf.Tensor1D;
  /** [1]: number of tokens, including the last. */
  readonly lengths: tf.Tensor1D;
  /** [1]: number of tokens drawn so far. */
  readonly step: tf.Tensor1D;
  /** [maximum]: the drawn tokens. */
  readonly history: tf.Tensor1D;
}

const KERNEL = defineKernel({
  name: 'advance-sequence',
  inputs: { drawn: 'array<i32>' },
  outputs: { id: 'array<i32>', lengths: 'array<i32>', step: 'array<i32>', history: 'array<i32>' },
  body,
});

/** Appends a drawn id, [1] int32, to the sequence in place. */
export function advanceSequence(drawn: tf.Tensor1D, { id, lengths, step, history }: SequenceState): void {
  KERNEL.run({ inputs: { drawn }, outputs: { id, lengths, step, history }, workgroups: [1] });
}

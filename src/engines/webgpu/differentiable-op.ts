import * as tf from '@tensorflow/tfjs';
import { engineInternals } from './backend-internals';

/** What the backward pass of an op is given and gives. */
export type OpGradients<Name extends string> = (
  /** Gradients by the op's outputs, in order. */
  changes: readonly tf.Tensor[],
  /** What `forward` asked to be saved, in order. */
  saved: readonly tf.Tensor[],
) => Readonly<Record<Name, () => tf.Tensor>>;

/**
 * Runs kernels as one op that tfjs's tape knows the derivatives of. Unlike `tf.customGrad` it makes the gradient by an input
 * only where something asks for it, so that a constant weight costs no gradient, and it may have several outputs.
 *
 * @param inputs what can be differentiated by, by name
 * @param forward makes the outputs; `save` keeps tensors (inputs, outputs or others) for the backward pass, where there is one
 * @param gradients of each input its gradient, a new tensor of the input's shape; what is made outside the inner functions
 *   lives until the whole backward pass is done
 */
export function differentiableOp<Name extends string>(
  inputs: Readonly<Record<Name, tf.Tensor>>,
  forward: (save: (tensors: tf.Tensor[]) => void) => tf.Tensor[],
  gradients: OpGradients<Name>,
): tf.Tensor[] {
  return engineInternals(tf.engine()).runKernelFunc({
    inputs,
    forwardFunc: (_, save) => forward(save),
    // tfjs hands over a tensor alone where the op has one output.
    backwardsFunc: (changes, saved) => gradients(Array.isArray(changes) ? changes : [changes], saved),
  });
}

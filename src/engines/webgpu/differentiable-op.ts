import * as tf from '@tensorflow/tfjs';
import { engineInternals } from './backend-internals';

/** Backward pass of an op. */
export type OpGradients<Name extends string> = (
  /** Gradients with respect to the op's outputs, in order. */
  changes: readonly tf.Tensor[],
  /** Tensors that `forward` saved, in order. */
  saved: readonly tf.Tensor[],
) => Readonly<Record<Name, () => tf.Tensor>>;

/**
 * Runs kernels as one differentiable op on tfjs's tape. Unlike `tf.customGrad`, it computes only the gradients that are
 * needed, so that a constant weight costs none, and supports several outputs.
 *
 * @param inputs differentiable inputs by name
 * @param forward computes the outputs; `save` keeps tensors (inputs, outputs or others) for the backward pass, if there is
 * one
 * @param gradients computes the gradient for each input, a new tensor of the input's shape; tensors created outside the inner
 * functions live until the backward pass has ended
 */
export function differentiableOp<Name extends string>(
  inputs: Readonly<Record<Name, tf.Tensor>>,
  forward: (save: (tensors: tf.Tensor[]) => void) => tf.Tensor[],
  gradients: OpGradients<Name>,
): tf.Tensor[] {
  return engineInternals(tf.engine()).runKernelFunc({
    inputs,
    forwardFunc: (_, save) => forward(save),
    // tfjs passes a single tensor if the op has one output.
    backwardsFunc: (changes, saved) => gradients(Array.isArray(changes) ? changes : [changes], saved),
  });
}

import * as tf from '@tensorflow/tfjs';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import { partsOf } from './batch-parts';
import type { Objective } from './objective';
import type { BatchGradients } from './step-hooks';
import type { Student } from './student';

/**
 * Mean loss of a batch and its gradient with respect to the student's parameters. Parts run one after the other; their
 * gradients, weighted by their number of targets, add up to that of the batch. A parameter that does not affect the loss has
 * a gradient of zeros.
 */
export function batchGradients(
  student: Student,
  objective: Objective,
  batch: TrainingBatch,
  parts: number,
): BatchGradients {
  let sum: BatchGradients | undefined;
  try {
    for (const { batch: part, share } of partsOf(batch, parts)) {
      if (share === 0) continue;
      const found = partGradients(student, objective, part, share);
      const before = sum;
      sum = before ? added(before, found) : found;
    }
  } catch (error) {
    disposeGradients(sum);
    throw error;
  }
  return sum!;
}

export function disposeGradients(found: BatchGradients | undefined): void {
  if (found) tf.dispose([found.loss, ...found.gradients]);
}

/** @returns loss and gradient, both multiplied by the part's share */
function partGradients(
  student: Student,
  objective: Objective,
  part: TrainingBatch,
  share: number,
): BatchGradients {
  const parameters = student.parameters.map(({ tensor }) => tensor);
  const prepared = tf.tidy(() => objective.prepare?.(part) ?? []);
  const weight = tf.scalar(share);
  try {
    const { value, grads } = tf.engine().gradients(
      () => student.inStep(() => objective.loss(student, part, prepared)),
      parameters,
      weight,
      // Without this flag tfjs throws if the loss depends on no parameter.
      true,
    );
    const loss = tf.mul(value, weight) as tf.Scalar;
    value.dispose();
    // tfjs returns undefined for a tensor that does not affect the loss, despite its types.
    const gradients = (grads as (tf.Tensor | undefined)[]).map(
      (gradient, index) => gradient ?? tf.zeros(parameters[index].shape),
    );
    return { loss, gradients };
  } catch (error) {
    releaseTape();
    throw error;
  } finally {
    weight.dispose();
    tf.dispose(prepared);
  }
}

function added(left: BatchGradients, right: BatchGradients): BatchGradients {
  const loss = tf.add(left.loss, right.loss) as tf.Scalar;
  const gradients = left.gradients.map((gradient, index) => tf.add(gradient, right.gradients[index]));
  disposeGradients(left);
  disposeGradients(right);
  return { loss, gradients };
}

/** Disposes of tensors saved for the backward pass after a forward pass failed. */
function releaseTape(): void {
  const { state } = tf.engine();
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
  state.activeTape = [];
}

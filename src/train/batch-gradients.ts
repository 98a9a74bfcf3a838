import * as tf from '@tensorflow/tfjs';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import { partsOf } from './batch-parts';
import type { Objective } from './objective';
import type { BatchGradients } from './step-hooks';
import type { Student } from './student';

/**
 * The mean loss of a batch and its gradient by the student's parameters. The parts run one after the other; their
 * gradients, weighted by the targets that they have, add up to that of the whole. A parameter that the loss does not depend on
 * has a gradient of zeros.
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

/** @returns loss and gradient, both times the part's share */
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
      // tfjs would throw where the loss depends on no parameter at all.
      true,
    );
    const loss = tf.mul(value, weight) as tf.Scalar;
    value.dispose();
    // tfjs leaves a gap for a tensor that the loss does not depend on, whatever its types say.
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

/** A forward pass that broke off leaves behind what the tape kept for the backward one. */
function releaseTape(): void {
  const { state } = tf.engine();
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
  state.activeTape = [];
}

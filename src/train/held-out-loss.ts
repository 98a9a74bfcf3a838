import * as tf from '@tensorflow/tfjs';
import { limitFreeBuffers } from '../engines/webgpu/memory';
import { readTensorsBytes } from '../engines/webgpu/transfer';
import { crossEntropy } from '../model/gradients/cross-entropy';
import { differentiableLogits, type TrainingBatch } from '../model/gradients/sequence-losses';
import { targetCount } from './batch-parts';
import { nextTask } from './next-task';
import type { Objective } from './objective';
import type { Student } from './student';

/**
 * Mean cross-entropy over all targets of held-out batches, in nats; for unlabelled sentences, which have no targets, the
 * objective's loss averaged over sentences. Uses the student's differentiable forward pass at the present parameters.
 */
export async function heldOutLoss(
  student: Student,
  objective: Objective,
  batches: readonly TrainingBatch[],
  signal?: AbortSignal,
): Promise<number> {
  const hasTargets = batches.some((batch) => targetCount(batch) > 0);
  const sums: tf.Scalar[] = [];
  try {
    for (const batch of batches) {
      sums.push(hasTargets ? summedCrossEntropy(student, batch) : summedObjective(student, objective, batch));
      await nextTask();
      signal?.throwIfAborted();
    }
    const values = (await readTensorsBytes(sums)).map((bytes) => new Float32Array(bytes)[0]);
    const count = hasTargets ? targetCount : ({ batch }: TrainingBatch) => batch;
    const total = batches.reduce((sum, batch) => sum + count(batch), 0);
    return values.reduce((sum, value) => sum + value, 0) / total;
  } finally {
    tf.dispose(sums);
    limitFreeBuffers();
  }
}

function summedCrossEntropy(student: Student, batch: TrainingBatch): tf.Scalar {
  return tf.tidy(() =>
    student.inStep(() => tf.sum(crossEntropy(differentiableLogits(student, batch), batch.targets))),
  );
}

function summedObjective(student: Student, objective: Objective, batch: TrainingBatch): tf.Scalar {
  return tf.tidy(() => {
    const prepared = objective.prepare?.(batch) ?? [];
    return student.inStep(() => tf.mul(objective.loss(student, batch, prepared), batch.batch));
  });
}

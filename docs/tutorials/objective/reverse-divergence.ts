import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { ModelMethod } from '../../../src/compression/method';
import { trainingSettings } from '../../../src/compression/recovery/run-settings';
import { trainVariant } from '../../../src/compression/recovery/train-variant';
import { uploadTensor } from '../../../src/engines/webgpu/transfer';
import { differentiableLogits } from '../../../src/model/gradients/sequence-losses';
import type { Model } from '../../../src/model/model';
import { meanOverTargets } from '../../../src/train/fine-tuning-objective';
import type { Objective } from '../../../src/train/objective';
import { trainingParameters } from '../../../src/train/training-settings';

/**
 * KL(student ‖ teacher) of each row: Σ p (log p − log q).
 * @param logits of the student, [rows, classes]
 * @param teacherLogits of the same shape
 * @returns [rows]
 */
export function reverseDivergence(logits: tf.Tensor2D, teacherLogits: tf.Tensor2D): tf.Tensor1D {
  const logStudent = tf.logSoftmax(logits);
  const logTeacher = tf.logSoftmax(teacherLogits);
  return tf.sum(tf.mul(tf.exp(logStudent), tf.sub(logStudent, logTeacher)), 1);
}

/**
 * Mean KL(student ‖ teacher) over the targets of a batch: a small student learns the teacher's likely tokens rather than
 * spread over all of them (Gu et al. 2024, "MiniLLM", equation 1).
 * @param teacher stays the caller's
 */
export function reverseDistillation(teacher: Model): Objective {
  return {
    prepare: (batch) => teacher.logits(batch),
    loss(student, batch, prepared) {
      const losses = reverseDivergence(differentiableLogits(student, batch), prepared as tf.Tensor2D);
      const counts = Float32Array.from(batch.targets, (target) => Number(target >= 0));
      return meanOverTargets(tf.mul(losses, uploadTensor(counts, [counts.length])), batch);
    },
  };
}

const schema = z.strictObject(trainingParameters());

/** Trains the targets on the reverse divergence from the base. */
export const reverseDistillationMethod: ModelMethod<z.infer<typeof schema>> = {
  id: 'reverse-distillation',
  title: 'Reverse distillation',
  paper: 'Gu et al. 2024, "MiniLLM: Knowledge Distillation of Large Language Models", section 2.1',
  summary:
    'Trains what earlier steps left, in its own formats, to say only what the base says: costs a training run.',
  appliesTo: 'model',
  trains: true,
  schema,

  compressModel(model, targets, parameters, context) {
    const settings = trainingSettings('reverse-distillation', parameters, model.config);
    const objective = reverseDistillation(context.training!.teacher);
    return trainVariant(model, { targets, settings, objective }, context);
  },
};

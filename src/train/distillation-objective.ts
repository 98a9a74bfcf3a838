import * as tf from '@tensorflow/tfjs';
import { crossEntropy } from '../model/gradients/cross-entropy';
import { distillationLoss } from '../model/gradients/distillation-loss';
import { differentiableOutputs, type TrainingBatch } from '../model/gradients/sequence-losses';
import type { Model, ModelConfig, Task } from '../model/model';
import { targetCount } from './batch-parts';
import { meanOverTargets } from './fine-tuning-objective';
import { hiddenStateLoss } from './hidden-state-loss';
import type { Objective } from './objective';

/** A state of the student that is to be like one of the teacher's: 0 is what the first block takes, n what the n-th gives. */
export interface HiddenPair {
  readonly student: number;
  readonly teacher: number;
}

export interface DistillationSettings {
  /** Share of the teacher's predictions in the loss of the logits; the rest is the cross-entropy of the targets. */
  readonly distillationWeight: number;
  /** Both models' logits are divided by it before they are compared. */
  readonly temperature: number;
  /** Of each pair's mean squared error; 0 or absent: hidden states are not compared. */
  readonly hiddenWeight?: number;
  /** Absent: `pairsOfBlocks`. */
  readonly hiddenPairs?: readonly HiddenPair[];
}

/** What the teacher says of a batch. */
interface TeacherOutputs extends tf.TensorContainerObject {
  readonly logits: tf.Tensor2D;
  /** By position, where they are looked at. */
  readonly hiddenStates: { readonly [position: string]: tf.Tensor2D };
}

/**
 * a·T²·KL(teacher ‖ student) + (1 − a)·cross-entropy, both means over the targets, the KL of predictions at temperature T
 * (Hinton et al. 2015, section 2); and, where wanted, the mean squared error of hidden states, summed over pairs (KnGPT2,
 * Edalati et al. 2021, section 3.3; TinyBERT, Jiao et al. 2020, equations 8 and 9). The attention maps of these papers are left
 * out: the attention kernels keep them to themselves.
 *
 * A classifier's KL counts every sentence, with a label or without.
 *
 * @param teacher runs in its own form by its own kernels; it stays the caller's
 */
export function distillation(teacher: Model, settings: DistillationSettings): Objective {
  const { hiddenWeight = 0, hiddenPairs } = settings;
  return {
    prepare: (batch) => teacherOutputs(teacher, batch, settings),
    loss(student, batch, prepared) {
      const taught = prepared as TeacherOutputs;
      const { logits, hiddenStates } = differentiableOutputs(student, batch);
      const ofLogits = predictionLoss(logits, taught.logits, batch, settings, student.config.task);
      if (hiddenWeight === 0) return ofLogits;
      const pairs = hiddenPairs ?? pairsOfBlocks(student.config, teacher.config);
      const errors = pairs.map((pair) =>
        hiddenStateLoss(hiddenStates[pair.student], taught.hiddenStates[pair.teacher], batch),
      );
      return errors.reduce((sum, error) => tf.add(sum, tf.mul(error, hiddenWeight)), ofLogits);
    },
  };
}

/** The outputs of embeddings and of every block that both models have. */
export function pairsOfBlocks(student: ModelConfig, teacher: ModelConfig): readonly HiddenPair[] {
  const positions = new Map(teacher.structure.blocks.map(({ index }, position) => [index, position]));
  const ofBlocks = student.structure.blocks.flatMap(({ index }, position) =>
    positions.has(index) ? [{ student: position + 1, teacher: positions.get(index)! + 1 }] : [],
  );
  return [{ student: 0, teacher: 0 }, ...ofBlocks];
}

function teacherOutputs(
  teacher: Model,
  batch: TrainingBatch,
  { hiddenWeight = 0, hiddenPairs }: DistillationSettings,
): TeacherOutputs {
  if (hiddenWeight === 0) return { logits: teacher.logits(batch), hiddenStates: {} };
  const wanted = hiddenPairs && new Set(hiddenPairs.map((pair) => pair.teacher));
  return tf.tidy(() => {
    const hiddenStates: Record<string, tf.Tensor2D> = {};
    let hidden = teacher.embed(batch);
    const blocks = teacher.config.structure.blocks.length;
    for (let position = 0; position <= blocks; position++) {
      if (!wanted || wanted.has(position)) hiddenStates[position] = hidden;
      if (position < blocks) hidden = teacher.runBlock(position, hidden, batch);
    }
    return { logits: teacher.headOfBatch(teacher.finish(hidden), batch), hiddenStates };
  });
}

/**
 * The part of the loss that looks at logits.
 * @param teacherLogits constant: the gradient goes to the student's only
 */
export function predictionLoss(
  logits: tf.Tensor2D,
  teacherLogits: tf.Tensor2D,
  batch: TrainingBatch,
  { distillationWeight, temperature }: DistillationSettings,
  task: Task,
): tf.Scalar {
  if (distillationWeight === 0) return meanOverTargets(crossEntropy(logits, batch.targets), batch);
  const { targets } = batch;
  if (task !== 'sequence-classification' || targetCount(batch) === targets.length) {
    const options = { temperature, distillationWeight };
    return meanOverTargets(distillationLoss(logits, teacherLogits, targets, options), batch);
  }
  // Whatever class is given: at a weight of 1 it counts for nothing.
  const anyClass = new Int32Array(targets.length);
  const taught = distillationLoss(logits, teacherLogits, anyClass, { temperature, distillationWeight: 1 });
  const ofTeacher = tf.mul(tf.mean(taught), distillationWeight) as tf.Scalar;
  if (targetCount(batch) === 0) return ofTeacher;
  const ofLabels = meanOverTargets(crossEntropy(logits, targets), batch);
  return tf.add(ofTeacher, tf.mul(ofLabels, 1 - distillationWeight));
}

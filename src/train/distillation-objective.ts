import * as tf from '@tensorflow/tfjs';
import { crossEntropy } from '../model/gradients/cross-entropy';
import { distillationLoss } from '../model/gradients/distillation-loss';
import { differentiableOutputs, type TrainingBatch } from '../model/gradients/sequence-losses';
import type { Model, ModelConfig, Task } from '../model/model';
import { type QueriesAndKeys, runBlockWithQueries } from '../model/queries-and-keys';
import { attentionLoss, type CommonHeads, commonHeads } from './attention-loss';
import { targetCount } from './batch-parts';
import { meanOverTargets } from './fine-tuning-objective';
import { hiddenStateLoss } from './hidden-state-loss';
import type { Objective } from './objective';

/** Student state trained towards a teacher state: state 0 is the input of the first block, state n the output of block n. */
export interface HiddenPair {
  readonly student: number;
  readonly teacher: number;
}

export interface DistillationSettings {
  /** Share of the teacher's predictions in the loss on logits; the rest is the cross-entropy of the targets. */
  readonly distillationWeight: number;
  /** Divides both models' logits before they are compared. */
  readonly temperature: number;
  /** Weight of each pair's mean squared error; 0 or absent: hidden states are not compared. */
  readonly hiddenWeight?: number;
  /** Weight of the attention divergence between the blocks that produce a pair; 0 or absent: attention is not compared. */
  readonly attentionWeight?: number;
  /** Default: `pairsOfBlocks`. */
  readonly hiddenPairs?: readonly HiddenPair[];
}

/** Teacher's outputs for a batch. */
interface TeacherOutputs extends tf.TensorContainerObject {
  readonly logits: tf.Tensor2D;
  /** Compared hidden states by position. */
  readonly hiddenStates: { readonly [position: string]: tf.Tensor2D };
  /** Queries and keys of the block that produces the hidden state at each position. */
  readonly attention: { readonly [position: string]: QueriesAndKeys };
}

/**
 * a·T²·KL(teacher ‖ student) + (1 − a)·cross-entropy, both means over the targets, the KL of predictions at temperature T
 * (Hinton et al. 2015, section 2); optionally the mean squared error of hidden states, summed over pairs (KnGPT2, Edalati et
 * al. 2021, section 3.3; TinyBERT, Jiao et al. 2020, equations 8 and 9); optionally KL(teacher ‖ student) of attention
 * distributions, summed over the pairs of blocks (MiniLM, Wang et al. 2020, equation 2, which uses the last block alone;
 * TinyBERT's equation 7 uses a squared error instead).
 *
 * A classifier's KL includes unlabelled sentences.
 *
 * @param teacher runs in its own format and kernels; owned by the caller
 */
export function distillation(teacher: Model, settings: DistillationSettings): Objective {
  const { hiddenWeight = 0, attentionWeight = 0 } = settings;
  return {
    prepare: (batch) => teacherOutputs(teacher, batch, settings),
    loss(student, batch, prepared) {
      const targets = prepared as TeacherOutputs;
      const studentOutputs = differentiableOutputs(student, batch);
      const pairs = settings.hiddenPairs ?? pairsOfBlocks(student.config, teacher.config);
      const logitLoss = predictionLoss(
        studentOutputs.logits,
        targets.logits,
        batch,
        settings,
        student.config.task,
      );
      const hiddenLosses = (hiddenWeight > 0 ? pairs : []).map((pair) =>
        hiddenStateLoss(studentOutputs.hiddenStates[pair.student], targets.hiddenStates[pair.teacher], batch),
      );
      const attended = attentionWeight > 0 ? pairsOfAttention(student.config, teacher.config, pairs) : [];
      const attentionLosses = attended.map(({ block, teacherState, heads }) => {
        const { blocks, ...seen } = studentOutputs.attention;
        return attentionLoss(blocks.get(block)!, targets.attention[teacherState], heads, seen, batch);
      });
      const weighted = [
        ...hiddenLosses.map((error) => tf.mul(error, hiddenWeight)),
        ...attentionLosses.map((divergence) => tf.mul(divergence, attentionWeight)),
      ];
      return weighted.reduce<tf.Scalar>((sum, term) => tf.add(sum, term), logitLoss);
    },
  };
}

/** Pairs the embedding outputs, and the outputs of every block that both models have. */
export function pairsOfBlocks(student: ModelConfig, teacher: ModelConfig): readonly HiddenPair[] {
  const positions = new Map(teacher.structure.blocks.map(({ index }, position) => [index, position]));
  const blockPairs = student.structure.blocks.flatMap(({ index }, position) =>
    positions.has(index) ? [{ student: position + 1, teacher: positions.get(index)! + 1 }] : [],
  );
  return [{ student: 0, teacher: 0 }, ...blockPairs];
}

/** Heads whose attention is compared, with the student block's number and the teacher state that its counterpart produces. */
interface AttentionPair {
  readonly block: number;
  readonly teacherState: number;
  readonly heads: CommonHeads;
}

/** Pairs of blocks that produce the paired states and have a head in common. */
function pairsOfAttention(
  student: ModelConfig,
  teacher: ModelConfig,
  pairs: readonly HiddenPair[],
): readonly AttentionPair[] {
  return pairs.flatMap((pair) => {
    if (pair.student === 0 || pair.teacher === 0) return [];
    const block = student.structure.blocks[pair.student - 1];
    const heads = commonHeads(block, teacher.structure.blocks[pair.teacher - 1], student.heads);
    return heads.student.length > 0 ? [{ block: block.index, teacherState: pair.teacher, heads }] : [];
  });
}

function teacherOutputs(
  teacher: Model,
  batch: TrainingBatch,
  { hiddenWeight = 0, attentionWeight = 0, hiddenPairs }: DistillationSettings,
): TeacherOutputs {
  if (hiddenWeight === 0 && attentionWeight === 0) {
    return { logits: teacher.logits(batch), hiddenStates: {}, attention: {} };
  }
  const positions = hiddenPairs && new Set(hiddenPairs.map((pair) => pair.teacher));
  const isWanted = (position: number) => !positions || positions.has(position);
  return tf.tidy(() => {
    const hiddenStates: Record<string, tf.Tensor2D> = {};
    const attention: Record<string, QueriesAndKeys> = {};
    let hidden = teacher.embed(batch);
    const keep = (position: number) => {
      if (hiddenWeight > 0 && isWanted(position)) hiddenStates[position] = hidden;
    };
    keep(0);
    for (const [index, { hasAttention }] of teacher.config.structure.blocks.entries()) {
      if (attentionWeight > 0 && hasAttention && isWanted(index + 1)) {
        const { hidden: output, query, key } = runBlockWithQueries(teacher, index, hidden, batch);
        attention[index + 1] = { query, key };
        hidden = output;
      } else {
        hidden = teacher.runBlock(index, hidden, batch);
      }
      keep(index + 1);
    }
    return { logits: teacher.headOfBatch(teacher.finish(hidden), batch), hiddenStates, attention };
  });
}

/**
 * Part of the loss that depends on logits.
 * @param teacherLogits constant: only the student receives a gradient
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
  // Any class will do: at a weight of 1 the targets have no effect.
  const anyClass = new Int32Array(targets.length);
  const teacherLosses = distillationLoss(logits, teacherLogits, anyClass, {
    temperature,
    distillationWeight: 1,
  });
  const teacherLoss = tf.mul(tf.mean(teacherLosses), distillationWeight) as tf.Scalar;
  if (targetCount(batch) === 0) return teacherLoss;
  const labelLoss = meanOverTargets(crossEntropy(logits, targets), batch);
  return tf.add(teacherLoss, tf.mul(labelLoss, 1 - distillationWeight));
}

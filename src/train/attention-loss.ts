import * as tf from '@tensorflow/tfjs';
import { attentionDivergence, type SeenKeys } from '../model/gradients/attention-divergence';
import { lookUpRows } from '../model/gradients/embeddings';
import type { TokenBatch } from '../model/model';
import type { QueriesAndKeys } from '../model/queries-and-keys';
import type { BlockStructure } from '../model/structure';
import { tokenCount } from './batch-parts';

/** Heads that two blocks have in common: their positions in the student's and in the teacher's block. */
export interface CommonHeads {
  readonly student: readonly number[];
  readonly teacher: readonly number[];
}

/** Matches heads by their number in the checkpoint; a block without attention has none. */
export function commonHeads(student: BlockStructure, teacher: BlockStructure, count: number): CommonHeads {
  const [studentHeads, teacherHeads] = [remainingHeads(student, count), remainingHeads(teacher, count)];
  const common = studentHeads.filter((head) => teacherHeads.includes(head));
  return {
    student: common.map((head) => studentHeads.indexOf(head)),
    teacher: common.map((head) => teacherHeads.indexOf(head)),
  };
}

/**
 * Mean KL(teacher ‖ student) in nats between attention distributions, over the common heads and all queries except padding
 * (MiniLM, Wang et al. 2020, equation 2). Differentiable in the student.
 *
 * @param heads at least one
 */
export function attentionLoss(
  student: QueriesAndKeys,
  teacher: QueriesAndKeys,
  heads: CommonHeads,
  seen: SeenKeys,
  batch: TokenBatch,
): tf.Scalar {
  const count = heads.student.length;
  const studentHeads = selectHeads(student, heads.student, batch);
  const teacherHeads = selectHeads(teacher, heads.teacher, batch);
  const sum = attentionDivergence(studentHeads, teacherHeads, count, seen);
  return tf.mul(sum, 1 / (count * tokenCount(batch)));
}

function remainingHeads({ hasAttention, keptHeads }: BlockStructure, count: number): readonly number[] {
  if (!hasAttention) return [];
  return keptHeads ?? Array.from({ length: count }, (_, head) => head);
}

/** Selects some heads. */
function selectHeads(
  { query, key }: QueriesAndKeys,
  heads: readonly number[],
  { batch }: TokenBatch,
): QueriesAndKeys {
  const [matrices, length, headWidth] = query.shape;
  const present = matrices / batch;
  if (present === heads.length) return { query, key };
  const rows = Int32Array.from({ length: batch * heads.length }, (_, row) => {
    const sequence = Math.floor(row / heads.length);
    return sequence * present + heads[row % heads.length];
  });
  const select = (x: tf.Tensor3D): tf.Tensor3D =>
    tf.reshape(lookUpRows(tf.reshape(x, [matrices, length * headWidth]), rows), [
      rows.length,
      length,
      headWidth,
    ]);
  return { query: select(query), key: select(key) };
}

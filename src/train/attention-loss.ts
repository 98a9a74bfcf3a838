import * as tf from '@tensorflow/tfjs';
import { attentionDivergence, type SeenKeys } from '../model/gradients/attention-divergence';
import { lookUpRows } from '../model/gradients/embeddings';
import type { TokenBatch } from '../model/model';
import type { QueriesAndKeys } from '../model/queries-and-keys';
import type { BlockStructure } from '../model/structure';
import { tokenCount } from './batch-parts';

/** Heads that two blocks both have: of each its place among the student's, and among the teacher's. */
export interface CommonHeads {
  readonly student: readonly number[];
  readonly teacher: readonly number[];
}

/** Heads go together by their number in the checkpoint. A block without attention has none. */
export function commonHeads(student: BlockStructure, teacher: BlockStructure, count: number): CommonHeads {
  const [ofStudent, ofTeacher] = [headsLeft(student, count), headsLeft(teacher, count)];
  const common = ofStudent.filter((head) => ofTeacher.includes(head));
  return {
    student: common.map((head) => ofStudent.indexOf(head)),
    teacher: common.map((head) => ofTeacher.indexOf(head)),
  };
}

/**
 * Mean KL(teacher ‖ student) in nats of what a query attends to, over the heads that both have and all queries that are no
 * padding (MiniLM, Wang et al. 2020, equation 2).
 *
 * @param student what is differentiated by
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
  const ofStudent = withHeads(student, heads.student, batch);
  const ofTeacher = withHeads(teacher, heads.teacher, batch);
  const sum = attentionDivergence(ofStudent, ofTeacher, count, seen);
  return tf.mul(sum, 1 / (count * tokenCount(batch)));
}

function headsLeft({ hasAttention, keptHeads }: BlockStructure, count: number): readonly number[] {
  if (!hasAttention) return [];
  return keptHeads ?? Array.from({ length: count }, (_, head) => head);
}

/** Those of some heads alone. */
function withHeads(
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
  const chosen = (x: tf.Tensor3D): tf.Tensor3D =>
    tf.reshape(lookUpRows(tf.reshape(x, [matrices, length * headWidth]), rows), [
      rows.length,
      length,
      headWidth,
    ]);
  return { query: chosen(query), key: chosen(key) };
}

import type * as tf from '@tensorflow/tfjs';
import body from './attention-divergence.wgsl?raw';
import type { AttentionScores } from '../attention/attention-weights';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import keysSeen from '../wgsl/keys-seen.wgsl?raw';

const KERNEL = elementKernel(
  {
    name: 'attention-divergence',
    inputs: { keyCounts: 'array<i32>', student: 'array<f32>', teacher: 'array<f32>' },
    outputs: { divergences: 'array<f32>', changes: 'array<f32>' },
    uniforms: {
      rows: 'u32',
      length: 'u32',
      heads: 'u32',
      causal: 'u32',
      studentScale: 'f32',
      teacherScale: 'f32',
    },
    body: [keysSeen, body],
  },
  'uniforms.rows',
);

/** Scores to compare; `scale` is the student's. */
export interface ComparedScores extends AttentionScores {
  readonly teacherScale: number;
}

/**
 * KL(teacher ‖ student) in nats between the attention distributions of each query, softmax(scale · scores) over its visible
 * keys, and its gradient with respect to the student's scores, scale · (student − teacher). Both are 0 for padding queries.
 *
 * @param student scores, [batch·heads, length, length], queries by keys; @param teacher of the same shape
 * @returns `divergences` [batch·heads, length], `changes` [batch·heads, length, length]
 */
export function attentionDivergences(
  student: tf.Tensor3D,
  teacher: tf.Tensor3D,
  { heads, scale, teacherScale, keyCounts, causal }: ComparedScores,
): { divergences: tf.Tensor2D; changes: tf.Tensor3D } {
  const [matrices, length] = student.shape;
  const rows = matrices * length;
  return KERNEL.run({
    inputs: { keyCounts, student, teacher },
    outputs: { divergences: [matrices, length], changes: student.shape },
    uniforms: { rows, length, heads, causal: causal ? 1 : 0, studentScale: scale, teacherScale },
    workgroups: workgroupsOf(rows),
  });
}

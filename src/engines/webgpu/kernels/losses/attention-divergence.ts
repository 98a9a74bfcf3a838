import type * as tf from '@tensorflow/tfjs';
import { float, runKernel } from '../../run-kernel';
import source from './attention-divergence.wgsl?raw';
import type { AttentionScores } from '../attention/attention-weights';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import keysSeen from '../wgsl/keys-seen.wgsl?raw';

const KERNEL = elementKernel(
  { name: 'attention-divergence', source: `${keysSeen}\n${source}` },
  'uniforms.rows',
);

/** `scale` is the student's. */
export interface ComparedScores extends AttentionScores {
  readonly teacherScale: number;
}

/**
 * KL(teacher ‖ student) in nats of what each query attends to, softmax(scale · scores) over the keys that it sees, and its
 * gradient by the student's scores, scale · (student − teacher). Both are 0 for the queries of padding.
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
  const [divergences, changes] = runKernel(KERNEL, {
    inputs: [keyCounts, student, teacher],
    outputs: [
      { shape: [matrices, length], dtype: 'float32' },
      { shape: student.shape, dtype: 'float32' },
    ],
    uniforms: [rows, length, heads, causal ? 1 : 0, float(scale), float(teacherScale)],
    workgroups: workgroupsOf(rows),
  });
  return { divergences: divergences as tf.Tensor2D, changes: changes as tf.Tensor3D };
}

import type * as tf from '@tensorflow/tfjs';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './attention-weights.wgsl?raw';
import keysSeen from '../wgsl/keys-seen.wgsl?raw';

/** Visible keys for the queries of a batch, and the scale of the scores. */
export interface AttentionScores {
  readonly heads: number;
  readonly scale: number;
  /** [batch] int32: number of keys of each sequence, at least one; later ones are padding. */
  readonly keyCounts: tf.Tensor1D;
  readonly causal: boolean;
}

const kernel = (gradient: boolean) =>
  elementKernel(
    {
      name: gradient ? 'attention-weights-gradient' : 'attention-weights',
      inputs: { keyCounts: 'array<i32>', first: 'array<f32>', second: 'array<f32>' },
      outputs: { y: 'array<f32>' },
      uniforms: { rows: 'u32', length: 'u32', heads: 'u32', causal: 'u32', scale: 'f32' },
      constants: { GRADIENT: gradient },
      body: [keysSeen, body],
    },
    'uniforms.rows',
  );
const WEIGHTS = kernel(false);
const GRADIENT = kernel(true);

/**
 * softmax(scale · scores) over each query's visible keys, 0 for the others.
 * @param scores [batch·heads, length, length], queries by keys
 */
export function attentionWeights(scores: tf.Tensor3D, options: AttentionScores): tf.Tensor3D {
  return run(WEIGHTS, scores, scores, options);
}

/**
 * Gradient with respect to the scores.
 * @param weights result of `attentionWeights`
 * @param changes gradient with respect to the weights, [batch·heads, length, length]
 * @returns gradient with respect to the scores, of the same shape
 */
export function attentionScoresGradient(
  weights: tf.Tensor3D,
  changes: tf.Tensor3D,
  options: AttentionScores,
): tf.Tensor3D {
  return run(GRADIENT, weights, changes, options);
}

function run(
  which: typeof WEIGHTS,
  first: tf.Tensor3D,
  second: tf.Tensor3D,
  { heads, scale, keyCounts, causal }: AttentionScores,
): tf.Tensor3D {
  const [matrices, length] = first.shape;
  const rows = matrices * length;
  return which.run({
    inputs: { keyCounts, first, second },
    outputs: { y: [matrices, length, length] },
    uniforms: { rows, length, heads, causal: causal ? 1 : 0, scale },
    workgroups: workgroupsOf(rows),
  }).y;
}

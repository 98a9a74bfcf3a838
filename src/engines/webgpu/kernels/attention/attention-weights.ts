import type * as tf from '@tensorflow/tfjs';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './attention-weights.wgsl?raw';
import keysSeen from '../wgsl/keys-seen.wgsl?raw';

/** Which keys the queries of a batch see, and by what their scores are multiplied. */
export interface AttentionScores {
  readonly heads: number;
  readonly scale: number;
  /** [batch] int32: keys of each sequence; later ones are padding. At least one. */
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
 * softmax(scale · scores) over the keys that each query sees, 0 for the others.
 * @param scores [batch·heads, length, length], queries by keys
 */
export function attentionWeights(scores: tf.Tensor3D, options: AttentionScores): tf.Tensor3D {
  return run(WEIGHTS, scores, scores, options);
}

/**
 * What a change of the weights is as a change of the scores.
 * @param weights of `attentionWeights`
 * @param changes gradient of something by the weights, [batch·heads, length, length]
 * @returns its gradient by the scores
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

import * as tf from '@tensorflow/tfjs';
import type { Activation } from '../../kernels/activation';
import { betweenBlocks } from '../between-blocks';
import type { ModelConfig } from '../model';
import type { DifferentiableWeights } from './differentiable-weights';
import type { Gates } from './gates';

/** Added to the scores of keys that a query must not see; its exponential is 0. */
const HIDDEN = -1e9;
const SQRT_HALF = Math.SQRT1_2;
const SQRT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);

/** What every block is given besides its input. */
export interface BlockInputs {
  readonly batch: number;
  readonly length: number;
  /** [batch, 1, length or 1, length]: what is added to the attention's scores. */
  readonly mask: tf.Tensor4D;
  readonly gates: Gates;
}

/** x Wᵀ + b. */
export function affine(weights: DifferentiableWeights, module: string, x: tf.Tensor2D): tf.Tensor2D {
  return tf.add(weights.linear(module).matmul(x), weights.vector(`${module}.bias`));
}

/** Layer normalization over the last dimension. @param name stem of its two vectors' names */
export function normalize(weights: DifferentiableWeights, x: tf.Tensor2D, name: string): tf.Tensor2D {
  const centred = tf.sub(x, tf.mean(x, 1, true));
  const variance = tf.mean(tf.square(centred), 1, true);
  const normed = tf.mul(centred, tf.rsqrt(tf.add(variance, weights.config.layerNormEpsilon)));
  return tf.add(tf.mul(normed, weights.vector(`${name}.weight`)), weights.vector(`${name}.bias`));
}

export function activate(x: tf.Tensor2D, activation: Activation): tf.Tensor2D {
  if (activation === 'none') return x;
  if (activation === 'relu') return tf.relu(x);
  if (activation === 'tanh') return tf.tanh(x);
  const half = tf.mul(x, 0.5);
  if (activation === 'gelu') return tf.mul(half, tf.add(tf.erf(tf.mul(x, SQRT_HALF)), 1));
  const cubic = tf.mul(tf.mul(tf.square(x), x), 0.044715);
  return tf.mul(half, tf.add(tf.tanh(tf.mul(tf.add(x, cubic), SQRT_TWO_OVER_PI)), 1));
}

/**
 * Scaled dot-product attention of the kept heads, gated.
 * @param query [batch·length, kept heads·headWidth], as `key` and `value`
 * @param block number of the block in the checkpoint
 */
export function attend(
  { width, heads: allHeads }: ModelConfig,
  [query, key, value]: readonly [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D],
  block: number,
  { batch, length, mask, gates }: BlockInputs,
): tf.Tensor2D {
  const headWidth = width / allHeads;
  const heads = query.shape[1] / headWidth;
  const byHead = (x: tf.Tensor2D) =>
    tf.transpose(tf.reshape(x, [batch, length, heads, headWidth]), [0, 2, 1, 3]);
  const scores = tf.mul(tf.matMul(byHead(query), byHead(key), false, true), 1 / Math.sqrt(headWidth));
  const mixed = tf.matMul(tf.softmax(tf.add(scores, mask)), byHead(value)); // [batch, heads, length, headWidth]
  const gate = gates.heads?.get(block);
  const gated = gate ? tf.mul(mixed, tf.reshape(gate, [batch, heads, 1, 1])) : mixed;
  return tf.reshape(tf.transpose(gated, [0, 2, 1, 3]), [batch * length, heads * headWidth]);
}

/** Multiplies the feed-forward layer's activations, [batch·length, kept neurons], by their gates. */
export function gateNeurons(
  hidden: tf.Tensor2D,
  block: number,
  { batch, length, gates }: BlockInputs,
): tf.Tensor2D {
  const gate = gates.neurons?.get(block);
  if (!gate) return hidden;
  const neurons = hidden.shape[1];
  const gated = tf.mul(tf.reshape(hidden, [batch, length, neurons]), tf.reshape(gate, [batch, 1, neurons]));
  return tf.reshape(gated, [batch * length, neurons]);
}

/**
 * What is added to attention scores so that nobody looks at padding, nor, if `causal`, at what comes later.
 * @returns [batch, 1, length, length]
 */
export function attentionMask(lengths: readonly number[], length: number, causal: boolean): tf.Tensor4D {
  const values = new Float32Array(lengths.length * length * length);
  lengths.forEach((count, sequence) => {
    for (let query = 0; query < length; query++) {
      const visible = causal ? Math.min(count, query + 1) : count;
      const row = (sequence * length + query) * length;
      values.fill(HIDDEN, row + visible, row + length);
    }
  });
  return tf.tensor4d(values, [lengths.length, 1, length, length]);
}

/** `betweenBlocks`, through which the gradient passes where the activations do. */
export function passOn(config: ModelConfig, position: number, hidden: tf.Tensor2D): tf.Tensor2D {
  const passed = betweenBlocks(config, position, hidden);
  return passed === hidden ? hidden : tf.mul(hidden, tf.cast(tf.notEqual(passed, 0), 'float32'));
}

import * as tf from '@tensorflow/tfjs';
import type { Activation } from '../../kernels/activation';
import { betweenBlocks } from '../between-blocks';
import type { ModelConfig } from '../model';
import type { DifferentiableWeights } from './differentiable-weights';
import type { Gates } from './gates';
import { attentionOfHeads, swapMiddle } from './kernel-gradients';

const SQRT_HALF = Math.SQRT1_2;
const SQRT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);

/** What every block is given besides its input. */
export interface BlockInputs {
  readonly batch: number;
  readonly length: number;
  /** [batch] int32: tokens of each sequence that are no padding. */
  readonly keyCounts: tf.Tensor1D;
  /** Whether a token sees only those before it. */
  readonly causal: boolean;
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
  { batch, length, keyCounts, causal, gates }: BlockInputs,
): tf.Tensor2D {
  const headWidth = width / allHeads;
  const heads = query.shape[1] / headWidth;
  const byHead = (x: tf.Tensor2D) =>
    swapMiddle(x, [batch, length, heads, headWidth], [batch * heads, length, headWidth]) as tf.Tensor3D;
  const scale = 1 / Math.sqrt(headWidth);
  const options = { heads, scale, keyCounts, causal };
  const mixed = attentionOfHeads(byHead(query), byHead(key), byHead(value), options);
  const gate = gates.heads?.get(block);
  const gated = gate ? tf.mul(mixed, tf.reshape(gate, [batch * heads, 1, 1])) : mixed;
  return swapMiddle(
    gated,
    [batch, heads, length, headWidth],
    [batch * length, heads * headWidth],
  ) as tf.Tensor2D;
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

/** `betweenBlocks`, through which the gradient passes where the activations do. */
export function passOn(config: ModelConfig, position: number, hidden: tf.Tensor2D): tf.Tensor2D {
  const passed = betweenBlocks(config, position, hidden);
  return passed === hidden ? hidden : tf.mul(hidden, tf.cast(tf.notEqual(passed, 0), 'float32'));
}

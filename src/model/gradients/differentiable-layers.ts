import * as tf from '@tensorflow/tfjs';
import type { Activation } from '../../engines/webgpu/kernels/wgsl/activation';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { activated, activationGradient } from '../../engines/webgpu/kernels/training/activation-gradient';
import { keepTopActivations } from '../keep-top-activations';
import type { ModelConfig } from '../model';
import type { QueriesAndKeys } from '../queries-and-keys';
import type { DifferentiableWeights } from './differentiable-weights';
import type { Gates } from './gates';
import { attentionOfHeads, mergeHeads, headsOf } from './attention';
import { layerNormalization } from './layer-normalization';

/** Inputs of every block besides the hidden states. */
export interface BlockInputs {
  readonly batch: number;
  readonly length: number;
  /** [batch·length] */
  readonly ids: Int32Array;
  /** [batch] int32: tokens of each sequence without padding. */
  readonly keyCounts: tf.Tensor1D;
  /** Whether a token only sees those before it. */
  readonly causal: boolean;
  readonly gates: Gates;
  /** Receives each block's queries and keys, with the block's number in the checkpoint. */
  observeAttention(block: number, tensors: QueriesAndKeys): void;
}

/** x Wᵀ + b. */
export function affine(weights: DifferentiableWeights, module: string, x: tf.Tensor2D): tf.Tensor2D {
  return weights.linear(module).affine(x, weights.vector(`${module}.bias`));
}

/** Layer normalization over the last dimension. @param name prefix of its two vectors' names */
export function normalize(weights: DifferentiableWeights, x: tf.Tensor2D, name: string): tf.Tensor2D {
  const [scale, shift] = [weights.vector(`${name}.weight`), weights.vector(`${name}.bias`)];
  return layerNormalization(x, scale, shift, weights.config.layerNormEpsilon);
}

export function activate(x: tf.Tensor2D, activation: Activation): tf.Tensor2D {
  if (activation === 'none') return x;
  const [y] = differentiableOp(
    { x },
    (save) => {
      save([x]);
      return [activated(x, activation)];
    },
    ([change], [x]) => ({ x: () => activationGradient(x, change, activation) }),
  );
  return y as tf.Tensor2D;
}

/**
 * Splits query, key or value, or all of them, by head.
 * @param x [batch·length, roles·kept heads·headWidth]
 * @returns [batch·kept heads, length, headWidth] for each role
 */
export function byHead(
  { width, heads }: ModelConfig,
  x: tf.Tensor2D,
  roles: number,
  { length }: BlockInputs,
): tf.Tensor3D[] {
  return headsOf(x, { length, headWidth: width / heads, roles });
}

/**
 * Scaled dot-product attention of the kept heads, gated.
 * @param roles query, key and value from `byHead`
 * @param block number of the block in the checkpoint
 * @returns [batch·length, kept heads·headWidth]
 */
export function attend(
  [query, key, value]: readonly tf.Tensor3D[],
  block: number,
  { batch, keyCounts, causal, gates, observeAttention }: BlockInputs,
): tf.Tensor2D {
  observeAttention(block, { query, key });
  const [batchHeads, , headWidth] = query.shape;
  const heads = batchHeads / batch;
  const scale = 1 / Math.sqrt(headWidth);
  const mixed = attentionOfHeads(query, key, value, { heads, scale, keyCounts, causal });
  const gate = gates.heads?.get(block);
  const gated = gate ? tf.mul<tf.Tensor3D>(mixed, tf.reshape(gate, [batchHeads, 1, 1])) : mixed;
  return mergeHeads(gated, heads);
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

/** Differentiable `keepTopActivations`: the gradient passes where activations are kept. */
export function keepTopWithGradient(config: ModelConfig, position: number, hidden: tf.Tensor2D): tf.Tensor2D {
  const passed = keepTopActivations(config, position, hidden);
  return passed === hidden ? hidden : tf.mul(hidden, tf.cast(tf.notEqual(passed, 0), 'float32'));
}

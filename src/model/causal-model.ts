import type * as tf from '@tensorflow/tfjs';
import type { FoldedNorm } from '../engines/webgpu/kernels/wgsl/folded-norm';
import type { Model } from './model';

/** Keys and values of the tokens that a causal model has processed. The caller disposes of it. */
export interface KeyValueCache {
  /** Tokens held so far. */
  readonly length: number;
  readonly capacity: number;
  readonly bytes: number;
  dispose(): void;
}

/** Next token of a sequence, on the GPU. */
export interface NextToken {
  /** [1] int32 */
  readonly id: tf.Tensor1D;
  /** [1] int32: tokens of the sequence, including this one. */
  readonly lengths: tf.Tensor1D;
}

/** Layer normalizations folded into the products after them, by the module of the product. */
export type FoldedNorms = ReadonlyMap<string, FoldedNorm>;

/** Model that continues text: each position predicts the next token from those before it. */
export interface CausalModel extends Model {
  /** Creates an empty cache of one sequence; by default for the whole context. The caller disposes of it. */
  createCache(capacity?: number): KeyValueCache;
  /**
   * Runs `ids` after the tokens in the cache (many ids: prefill; one: decode) and extends it.
   * @returns logits of the last position, [1, vocabulary]
   * @throws Error if the cache is full
   */
  extend(ids: Int32Array, cache: KeyValueCache): tf.Tensor2D;
  /**
   * The same for one token on the GPU. Nothing is uploaded, so that the launches can be recorded and replayed for every
   * token; the cache's `length` does not change.
   * @param folded from `foldNorms`
   * @returns logits, [1, vocabulary]
   */
  extendByOne(next: NextToken, cache: KeyValueCache, folded?: FoldedNorms): tf.Tensor2D;
  /** Normalizations whose folding saves a launch on this device. The caller disposes of their `products`. */
  foldNorms(): FoldedNorms;
}

export function isCausal(model: Model): model is CausalModel {
  return model.config.task === 'causal-lm';
}

/** @throws Error if the model does not continue text */
export function requireCausal(model: Model): CausalModel {
  if (isCausal(model)) return model;
  throw new Error(
    `A ${model.config.modelType} model does not continue text; choose a causal language model.`,
  );
}

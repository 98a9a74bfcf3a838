import type * as tf from '@tensorflow/tfjs';
import type { LinearWeight } from '../weights/linear-weight';
import type { LayerKeysAndValues } from '../engines/webgpu/kernels/attention/cached-attention';
import type { FoldedNorms, KeyValueCache, NextToken } from './causal-model';
import type { ModelConfig, ModelLayout, TokenBatch } from './model';
import type { Operators } from './operators';
import type { BlockStructure } from './structure';

/** Problem with a configuration or its weights, in one sentence that says what would work. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

/** Weights of a model for its forward pass, by the names of the layout. */
export interface ModelWeights {
  readonly config: ModelConfig;
  linear(module: string): LinearWeight;
  vector(tensor: string): tf.Tensor;
  /** Arithmetic of the forward pass. */
  readonly operators: Operators;
  /** Dense matrix [out, in] that a kernel may read directly; undefined if its products must use `linear`. */
  denseValues(module: string): tf.Tensor2D | undefined;
  /** Expert of each token, [vocabulary] int32, in the mixture of a block given by its number. */
  routing(block: number): tf.Tensor1D;
}

/** Sequences of one length, as input of a block. */
export interface SequenceShape {
  readonly batch: number;
  readonly length: number;
  /** True length of each sequence, [batch] int32. */
  readonly keyCounts: tf.Tensor1D;
  /** [batch·length] */
  readonly ids: Int32Array;
}

/**
 * Model family: one file in `families/`, one line in `families.ts`. Its forward functions run inside `tf.tidy`: they dispose
 * of nothing and return the tensors to keep.
 */
export interface ModelFamily {
  /** `model_type` of config.json. */
  readonly modelType: string;
  /**
   * @param tensorNames canonical names of the tensors present, which determine the task if the config does not
   * @throws ModelError
   */
  readConfig(json: Record<string, unknown>, tensorNames: ReadonlySet<string>): ModelConfig;
  /** Current transformers name of a tensor that older or headless checkpoints name differently. */
  canonicalName(tensor: string): string;
  layout(config: ModelConfig): ModelLayout;
  /**
   * Configuration of a masked language model with a sequence classifier in place of its head; absent: unsupported.
   * @param labels in order of the logits
   */
  withClassifier?(config: ModelConfig, labels: readonly string[]): ModelConfig;
  /** Key of config.json that counts the blocks. */
  readonly layersKey: string;
  /** Prefix of the names of a block's tensors. */
  blockName(index: number): string;
  /** Input of the first block: [batch·length, width]. */
  embed(weights: ModelWeights, batch: TokenBatch): tf.Tensor2D;
  /** Runs one block, [batch·length, width] → the same shape. */
  block(
    weights: ModelWeights,
    block: BlockStructure,
    hidden: tf.Tensor2D,
    sequences: SequenceShape,
  ): tf.Tensor2D;
  /** Computation after the last block; absent: none. */
  finish?(weights: ModelWeights, hidden: tf.Tensor2D): tf.Tensor2D;
  /** Logits of rows of hidden states; for a classifier, of the hidden states of `batch` sequences. */
  head(weights: ModelWeights, hidden: tf.Tensor2D, batch: number): tf.Tensor2D;
  /** Forward passes over a cache; absent: the family has no causal language model. */
  readonly causal?: CausalPasses;
}

/** Forward passes over the keys and values of the tokens before. */
export interface CausalPasses {
  /** Hidden states of `ids` after the tokens in the cache; extends the cache's tensors. */
  extend(weights: ModelWeights, ids: Int32Array, cache: LayerCache): tf.Tensor2D;
  /** The same for one token whose id and position are on the GPU, so that its launches can be replayed. */
  extendByOne(weights: ModelWeights, next: NextToken, cache: LayerCache, folded?: FoldedNorms): tf.Tensor2D;
  /** Layer norms, most worthwhile to fold first, and the linear that takes each as its input. */
  normsBeforeLinears(config: ModelConfig): {
    attention: NormBeforeLinear[];
    feedForward: NormBeforeLinear[];
  };
}

/** Layer norm, by the prefix of its tensors' names, whose result only one linear uses. */
export interface NormBeforeLinear {
  readonly norm: string;
  readonly module: string;
}

/** Key/value cache with access to its layers. */
export interface LayerCache extends KeyValueCache {
  /** Keys and values for each block of the structure with attention: [capacity, kept heads · headWidth]. */
  readonly layers: readonly (LayerKeysAndValues | undefined)[];
}

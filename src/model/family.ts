import type * as tf from '@tensorflow/tfjs';
import type { LinearWeight } from '../weights/linear-weight';
import type { LayerKeysAndValues } from '../engines/webgpu/kernels/attention/cached-attention';
import type { FoldedNorms, KeyValueCache, ModelConfig, ModelLayout, NextToken, TokenBatch } from './model';
import type { Operators } from './operators';
import type { BlockStructure } from './structure';

/** What is wrong with a configuration or its weights, in one sentence that says what would work. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

/** The weights of a model as a forward pass asks for them, by the names of the layout. */
export interface ModelWeights {
  readonly config: ModelConfig;
  linear(module: string): LinearWeight;
  vector(tensor: string): tf.Tensor;
  /** With what the forward pass computes. */
  readonly operators: Operators;
  /** [out, in] of a matrix that a kernel may read by itself; undefined where its products are to be made as a whole. */
  denseValues(module: string): tf.Tensor2D | undefined;
  /** [vocabulary] int32: of each token its expert, in the mixture of the block of this number. */
  routing(block: number): tf.Tensor1D;
}

/** Sequences of one length, as a block takes them. */
export interface SequenceShape {
  readonly batch: number;
  readonly length: number;
  /** [batch] int32: true length of each. */
  readonly keyCounts: tf.Tensor1D;
  /** [batch·length] */
  readonly ids: Int32Array;
}

/**
 * A model family: one file in `architectures/`, one line in `architectures.ts`. Its forward functions run inside
 * `tf.tidy`: they dispose of nothing and return what is kept.
 */
export interface ModelFamily {
  /** `model_type` of config.json. */
  readonly modelType: string;
  /**
   * @param tensorNames canonical names of the tensors that are there, which decide the task where the config does not
   * @throws ModelError
   */
  readConfig(json: Record<string, unknown>, tensorNames: ReadonlySet<string>): ModelConfig;
  /** The name as transformers writes it today, for a tensor that an older or headless checkpoint calls otherwise. */
  canonicalName(tensor: string): string;
  layout(config: ModelConfig): ModelLayout;
  /**
   * A masked language model's configuration with a sequence classifier in place of its head; absent: the family has none.
   * @param labels in order of the logits
   */
  withClassifier?(config: ModelConfig, labels: readonly string[]): ModelConfig;
  /** Key of config.json that counts the blocks. */
  readonly layersKey: string;
  /** With what the names of a block's tensors begin. */
  blockName(index: number): string;
  /** What the first block takes: [batch·length, width]. */
  embed(weights: ModelWeights, batch: TokenBatch): tf.Tensor2D;
  /** One block, [batch·length, width] → the same shape. */
  block(
    weights: ModelWeights,
    block: BlockStructure,
    hidden: tf.Tensor2D,
    sequences: SequenceShape,
  ): tf.Tensor2D;
  /** What follows the last block; absent: nothing. */
  finish?(weights: ModelWeights, hidden: tf.Tensor2D): tf.Tensor2D;
  /** Logits of rows of hidden states; of a classifier, of the hidden states of `batch` sequences. */
  head(weights: ModelWeights, hidden: tf.Tensor2D, batch: number): tf.Tensor2D;
  /** causal-lm: hidden states of `ids` after what the cache holds; extends the cache's tensors. */
  extend?(weights: ModelWeights, ids: Int32Array, cache: LayerCache): tf.Tensor2D;
  /** causal-lm: the same for one token whose id and place are on the GPU, so that its launches can be replayed. */
  extendByOne?(weights: ModelWeights, next: NextToken, cache: LayerCache, folded?: FoldedNorms): tf.Tensor2D;
  /** Layer norms, most worth saving first, and the one linear that each goes into. */
  normsBeforeLinears?(config: ModelConfig): {
    attention: NormBeforeLinear[];
    feedForward: NormBeforeLinear[];
  };
}

/** A layer norm, by the stem of its tensors' names, whose result one linear alone takes. */
export interface NormBeforeLinear {
  readonly norm: string;
  readonly module: string;
}

/** A cache as an architecture sees it. */
export interface LayerCache extends KeyValueCache {
  /** Of each block of the structure that has attention: [capacity, kept heads · headWidth]. */
  readonly layers: readonly (LayerKeysAndValues | undefined)[];
}

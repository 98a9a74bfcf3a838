import type * as tf from '@tensorflow/tfjs';
import type { LinearWeight } from '../weights/linear-weight';
import type { FoldedNorms, KeyValueCache, ModelConfig, ModelLayout, NextToken, TokenBatch } from './model';

/** What is wrong with a configuration or its weights, in one sentence that says what would work. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

/** The weights of a model as a forward pass asks for them, by the names of the layout. */
export interface ModelWeights {
  readonly config: ModelConfig;
  linear(module: string): LinearWeight;
  vector(tensor: string): tf.Tensor;
}

/**
 * A model family: one file in `architectures/`, one line in `architectures.ts`. Its forward functions run inside
 * `tf.tidy`: they dispose of nothing and return what is kept.
 */
export interface Architecture {
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
  hiddenStates(weights: ModelWeights, batch: TokenBatch): tf.Tensor2D;
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

/** A cache as an architecture sees it: keys and values of each layer, [capacity, width]. */
export interface LayerCache extends KeyValueCache {
  readonly keys: readonly tf.Tensor2D[];
  readonly values: readonly tf.Tensor2D[];
}

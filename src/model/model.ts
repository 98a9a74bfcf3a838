import type * as tf from '@tensorflow/tfjs';
import type { TensorEntry } from '../checkpoint/named-tensor';
import type { FoldedNorm } from '../engines/webgpu/kernels/wgsl/folded-norm';
import type { LinearWeight } from '../weights/linear-weight';
import type { Members, ModelStructure } from './structure';

export type Task = 'causal-lm' | 'masked-lm' | 'sequence-classification';

/** What every architecture's configuration is reduced to. */
export interface ModelConfig {
  readonly modelType: string;
  readonly task: Task;
  readonly vocabularySize: number;
  /** Greatest number of positions in one sequence. */
  readonly contextLength: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly feedForwardWidth: number;
  readonly layerNormEpsilon: number;
  /** `gelu` is the exact one (erf), `gelu_new` the tanh approximation. */
  readonly activation: 'gelu' | 'gelu_new' | 'relu';
  /** The output matrix is not the transposed embedding. */
  readonly hasOwnHead: boolean;
  /** Segments that a token may belong to (BERT). */
  readonly tokenTypes?: number;
  /** Of a classifier, in order of the logits. */
  readonly labels?: readonly string[];
  /** What of all this the model still has; the counts above stay those of the checkpoint. */
  readonly structure: ModelStructure;
  /** The checkpoint's own config.json, kept for export. */
  readonly source: Record<string, unknown>;
}

/** Sequences of one batch, right-padded to one length. */
export interface TokenBatch {
  /** Row-major [batch, length] token ids. */
  readonly ids: Int32Array;
  readonly batch: number;
  readonly length: number;
  /** True length of each sequence; positions past it are padding. Default: all `length`. */
  readonly lengths?: readonly number[];
  /** Segment of each token (BERT); default all 0. */
  readonly tokenTypes?: Int32Array;
}

/** Keys and values of the tokens that a causal model has seen. The caller disposes of it. */
export interface KeyValueCache {
  /** Tokens held so far. */
  readonly length: number;
  readonly capacity: number;
  readonly bytes: number;
  dispose(): void;
}

/** The token that a sequence goes on with, kept on the GPU. */
export interface NextToken {
  /** [1] int32 */
  readonly id: tf.Tensor1D;
  /** [1] int32: tokens of the sequence, this one included. */
  readonly lengths: tf.Tensor1D;
}

/** Layer normalizations that are taken into the products after them, by the module whose product it is. */
export type FoldedNorms = ReadonlyMap<string, FoldedNorm>;

/** What a head does with an output of one of its linears. */
export type AttentionRole = 'query' | 'key' | 'value';

/** A matrix of the checkpoint and the module whose weight it is. */
export interface MatrixLayout {
  /** Module name of the transformers library. */
  readonly module: string;
  readonly tensor: string;
  /** [out, in], whatever the file's orientation. */
  readonly shape: readonly [outputs: number, inputs: number];
  /** The file holds [in, out], as GPT-2's Conv1D does. */
  readonly transposed: boolean;
  /** One of the linears of the transformer blocks. */
  readonly isBlockLinear: boolean;
  /** Number of the block in the checkpoint; absent outside the blocks. */
  readonly block?: number;
  /** What the outputs are made of, where they are heads or neurons. */
  readonly outputs?: Members;
  /** The same of the inputs. */
  readonly inputs?: Members;
  /** What attention takes the outputs for: of each role all heads, one role after the other. */
  readonly attentionRoles?: readonly AttentionRole[];
}

/** Any other tensor of the checkpoint. */
export interface VectorLayout {
  readonly tensor: string;
  readonly shape: readonly number[];
  /** Number of the block in the checkpoint; absent outside the blocks. */
  readonly block?: number;
  /** What it is made of, where that is heads or neurons. */
  readonly members?: Members;
}

export interface ModelLayout {
  readonly matrices: readonly MatrixLayout[];
  readonly vectors: readonly VectorLayout[];
}

/**
 * Is shown what goes into a linear, by its module name, and what comes out of it: [tokens, in] and [tokens, out], padding
 * included, the output with bias, activation and residual. It keeps neither.
 */
export type LinearObserver = (module: string, x: tf.Tensor2D, y: tf.Tensor2D) => void;

/**
 * A loaded model: weights by module name plus the forward pass of its architecture. It owns its weights.
 *
 * Module names are those of the transformers library, such as `transformer.h.0.attn.c_attn` and
 * `bert.encoder.layer.0.attention.self.query`.
 */
export interface Model {
  readonly config: ModelConfig;
  /** Every matrix with a format: block linears, embeddings, heads. Tied weights stand once, under the embedding's name. */
  readonly linears: ReadonlyMap<string, LinearWeight>;
  /** How the weights of this model are called and laid out in a Hugging Face checkpoint. */
  readonly layout: ModelLayout;
  /** The same of the whole checkpoint that this model was cut out of. */
  readonly checkpointLayout: ModelLayout;
  /** Names that the target `Linear` stands for: the linears of the transformer blocks, first block first. */
  readonly blockLinears: readonly string[];
  /** Everything else by tensor name (biases, layer norms), float32. */
  readonly vectors: ReadonlyMap<string, tf.Tensor>;
  /** Tensors of its checkpoint that its forward pass has no use for, by transformers' names; in the file until they are read. */
  readonly unused: ReadonlyMap<string, TensorEntry>;

  /** Final hidden states of whole sequences, what `head` takes: [batch·length, width]. */
  hiddenStates(batch: TokenBatch): tf.Tensor2D;
  /** What the first block takes: [batch·length, width]. `hiddenStates` is this, every block, and `finish`. */
  embed(batch: TokenBatch): tf.Tensor2D;
  /**
   * One block alone, [batch·length, width] → the same shape.
   * @param position in `config.structure.blocks`
   */
  runBlock(position: number, hidden: tf.Tensor2D, batch: TokenBatch, observe?: LinearObserver): tf.Tensor2D;
  /** What follows the last block, [batch·length, width] → the same shape. */
  finish(hidden: tf.Tensor2D): tf.Tensor2D;
  /** Logits as `logits` gives them, of the final hidden states of a whole batch. */
  headOfBatch(hidden: tf.Tensor2D, batch: TokenBatch, observe?: LinearObserver): tf.Tensor2D;
  /**
   * causal-lm and masked-lm only: logits of some rows of hidden states, [rows, width] → [rows, vocabulary]. Evaluations
   * call it for a few rows at a time, since the logits of a long window may exceed one buffer.
   */
  head(hidden: tf.Tensor2D): tf.Tensor2D;
  /**
   * One forward pass over whole sequences.
   * @returns causal-lm and masked-lm: [batch·length, vocabulary]; sequence-classification: [batch, labels]
   */
  logits(batch: TokenBatch): tf.Tensor2D;
  /** causal-lm only: an empty cache of one sequence. */
  createCache(capacity?: number): KeyValueCache;
  /**
   * causal-lm only: runs `ids` after what the cache holds (many ids: prefill; one: decode) and extends it.
   * @returns logits of the last position, [1, vocabulary]
   * @throws Error when the cache is full
   */
  extend(ids: Int32Array, cache: KeyValueCache): tf.Tensor2D;
  /**
   * causal-lm only: the same for one token that is on the GPU. Nothing is uploaded, so the launches can be recorded and
   * replayed for token after token; the cache's own `length` stays as it is.
   * @param folded of `foldNorms`
   * @returns logits, [1, vocabulary]
   */
  extendByOne(next: NextToken, cache: KeyValueCache, folded?: FoldedNorms): tf.Tensor2D;
  /** causal-lm only: the normalizations that save a launch on this device. The caller disposes of their `products`. */
  foldNorms(): FoldedNorms;

  /** The same model with some weights replaced; takes ownership of the replacements and clones all the rest. */
  withLinears(replacements: ReadonlyMap<string, LinearWeight>): Model;
  /**
   * The same model with another structure: weights of what is gone are left out, those that are given (and owned from here
   * on) stand for those of the same name, all the rest is cloned. `restructure` makes what is needed.
   */
  withStructure(
    structure: ModelStructure,
    linears: ReadonlyMap<string, LinearWeight>,
    vectors: ReadonlyMap<string, tf.Tensor>,
  ): Model;
  /**
   * The same with another configuration of the family, such as another head: weights that it has and this model has not are
   * among those that are given.
   */
  withConfig(
    config: ModelConfig,
    linears: ReadonlyMap<string, LinearWeight>,
    vectors: ReadonlyMap<string, tf.Tensor>,
  ): Model;
  clone(): Model;
  dispose(): void;
}

import type * as tf from '@tensorflow/tfjs';
import type { TensorEntry } from '../checkpoint/named-tensor';
import type { LinearWeight } from '../weights/linear-weight';
import type { Members, ModelStructure } from './structure';

export type Task = 'causal-lm' | 'masked-lm' | 'sequence-classification';

/** Configuration shared by all model families. */
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
  /** Whether the output matrix differs from the embedding. */
  readonly hasOwnHead: boolean;
  /** Number of segments that a token may belong to (BERT). */
  readonly tokenTypes?: number;
  /** Labels of a classifier, in order of the logits. */
  readonly labels?: readonly string[];
  /** Parts that the model still has; the counts above stay those of the checkpoint. */
  readonly structure: ModelStructure;
  /** Original config.json of the checkpoint, for export. */
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

/** Role of a linear's outputs in attention. */
export type AttentionRole = 'query' | 'key' | 'value';

/** Matrix of the checkpoint and the module that it belongs to. */
export interface MatrixLayout {
  /** Module name of the transformers library. */
  readonly module: string;
  readonly tensor: string;
  /** [out, in], regardless of the file's orientation. */
  readonly shape: readonly [outputs: number, inputs: number];
  /** Whether the file holds [in, out], as for GPT-2's Conv1D. */
  readonly transposed: boolean;
  /** Whether it is a linear of the transformer blocks. */
  readonly isBlockLinear: boolean;
  /** Number of the block in the checkpoint; absent outside the blocks. */
  readonly block?: number;
  /** Heads or neurons that make up the outputs, if any. */
  readonly outputs?: Members;
  /** Heads or neurons that make up the inputs, if any. */
  readonly inputs?: Members;
  /** Attention roles of the outputs: all heads of each role, one role after the other. */
  readonly attentionRoles?: readonly AttentionRole[];
}

/** Tensor of the checkpoint that is not a matrix of `MatrixLayout`. */
export interface VectorLayout {
  readonly tensor: string;
  readonly shape: readonly number[];
  /** Number of the block in the checkpoint; absent outside the blocks. */
  readonly block?: number;
  /** Heads or neurons that make it up, if any. */
  readonly members?: Members;
}

export interface ModelLayout {
  readonly matrices: readonly MatrixLayout[];
  readonly vectors: readonly VectorLayout[];
}

/**
 * Receives the input and output of a linear with its module name: [tokens, in] and [tokens, out], including padding, the
 * output with bias, activation and residual. Must not keep either tensor.
 */
export type LinearObserver = (module: string, x: tf.Tensor2D, y: tf.Tensor2D) => void;

/**
 * Loaded model: weights by module name and the forward pass of its family. It owns its weights.
 *
 * Module names are those of the transformers library, such as `transformer.h.0.attn.c_attn` and
 * `bert.encoder.layer.0.attention.self.query`.
 */
export interface Model {
  readonly config: ModelConfig;
  /** Every matrix with a format: block linears, embeddings, heads. Tied weights appear once, under the embedding's name. */
  readonly linears: ReadonlyMap<string, LinearWeight>;
  /** Names and shapes of this model's weights in a Hugging Face checkpoint. */
  readonly layout: ModelLayout;
  /** Layout of the whole checkpoint that this model was cut from. */
  readonly checkpointLayout: ModelLayout;
  /** Modules of the target `Linear`: the linears of the transformer blocks, first block first. */
  readonly blockLinears: readonly string[];
  /** All other tensors by name (biases, layer norms), float32. */
  readonly vectors: ReadonlyMap<string, tf.Tensor>;
  /** Tensors of the checkpoint that the forward pass does not use, by transformers name; read from the file on request. */
  readonly unused: ReadonlyMap<string, TensorEntry>;

  /** Final hidden states of whole sequences, the input of `head`: [batch·length, width]. */
  hiddenStates(batch: TokenBatch): tf.Tensor2D;
  /** Input of the first block: [batch·length, width]. `hiddenStates` is this, every block, and `finish`. */
  embed(batch: TokenBatch): tf.Tensor2D;
  /**
   * Runs a single block, [batch·length, width] → the same shape.
   * @param position in `config.structure.blocks`
   */
  runBlock(position: number, hidden: tf.Tensor2D, batch: TokenBatch, observe?: LinearObserver): tf.Tensor2D;
  /** Computation after the last block, [batch·length, width] → the same shape. */
  finish(hidden: tf.Tensor2D): tf.Tensor2D;
  /** Logits of the final hidden states of a whole batch, like those of `logits`. */
  headOfBatch(hidden: tf.Tensor2D, batch: TokenBatch, observe?: LinearObserver): tf.Tensor2D;
  /**
   * causal-lm and masked-lm only: logits of some rows of hidden states, [rows, width] → [rows, vocabulary]. Evaluations call
   * it for a few rows at a time, since the logits of a long window may exceed one buffer.
   */
  head(hidden: tf.Tensor2D): tf.Tensor2D;
  /**
   * One forward pass over whole sequences.
   * @returns causal-lm and masked-lm: [batch·length, vocabulary]; sequence-classification: [batch, labels]
   */
  logits(batch: TokenBatch): tf.Tensor2D;

  /** Copy of the model with some weights replaced; takes ownership of the replacements and clones the rest. */
  withLinears(replacements: ReadonlyMap<string, LinearWeight>): Model;
  /**
   * Copy of the model with another structure: omits the weights of removed parts, replaces weights by those given (and owned
   * from here on) under the same name, and clones the rest. `restructure` computes the replacements.
   */
  withStructure(
    structure: ModelStructure,
    linears: ReadonlyMap<string, LinearWeight>,
    vectors: ReadonlyMap<string, tf.Tensor>,
  ): Model;
  /**
   * Copy of the model with another configuration of the family, such as another head; `linears` and `vectors` include the
   * weights that this model lacks.
   */
  withConfig(
    config: ModelConfig,
    linears: ReadonlyMap<string, LinearWeight>,
    vectors: ReadonlyMap<string, tf.Tensor>,
  ): Model;
  clone(): Model;
  dispose(): void;
}

import * as tf from '@tensorflow/tfjs';
import type { TensorEntry } from '../checkpoint/named-tensor';
import { uploadTensor } from '../engines/webgpu/transfer';
import type { LinearWeight } from '../weights/linear-weight';
import type { ModelFamily, ModelWeights, SequenceShape } from './family';
import { keepTopActivations } from './keep-top-activations';
import type { LinearObserver, Model, ModelConfig, ModelLayout, TokenBatch } from './model';
import { operatorsFor } from './operators';
import { expertsOf, type ModelStructure, wholeStructure } from './structure';

/** Weights by name and the forward pass of their family; owns the weights. */
export class TransformerModel implements Model {
  readonly layout: ModelLayout;
  readonly checkpointLayout: ModelLayout;
  readonly blockLinears: readonly string[];
  protected readonly weights: ModelWeights;
  /** Expert of each token in blocks with experts, by the block's number in the checkpoint. */
  private readonly routings: ReadonlyMap<number, tf.Tensor1D>;

  constructor(
    protected readonly architecture: ModelFamily,
    readonly config: ModelConfig,
    readonly linears: ReadonlyMap<string, LinearWeight>,
    readonly vectors: ReadonlyMap<string, tf.Tensor>,
    readonly unused: ReadonlyMap<string, TensorEntry> = new Map(),
  ) {
    this.layout = architecture.layout(config);
    this.checkpointLayout = architecture.layout({ ...config, structure: wholeStructure(config.layers) });
    this.blockLinears = this.layout.matrices
      .filter(({ isBlockLinear }) => isBlockLinear)
      .map(({ module }) => module);
    this.routings = routingTables(config);
    this.weights = {
      config,
      linear: (module) => linears.get(module)!,
      vector: (tensor) => vectors.get(tensor)!,
      operators: operatorsFor(config.structure),
      denseValues: (module) => denseValues(config, linears.get(module)!),
      routing: (block) => this.routings.get(block)!,
    };
  }

  hiddenStates(batch: TokenBatch): tf.Tensor2D {
    this.checkBatch(batch);
    return tf.tidy(() => {
      const sequences = sequenceShape(batch);
      let x = this.architecture.embed(this.weights, batch);
      for (const [position, block] of this.config.structure.blocks.entries()) {
        const output = this.architecture.block(this.weights, block, x, sequences);
        x = keepTopActivations(this.config, position, output);
      }
      return this.finish(x);
    });
  }

  embed(batch: TokenBatch): tf.Tensor2D {
    this.checkBatch(batch);
    return tf.tidy(() => this.architecture.embed(this.weights, batch));
  }

  runBlock(position: number, hidden: tf.Tensor2D, batch: TokenBatch, observe?: LinearObserver): tf.Tensor2D {
    const block = this.config.structure.blocks[position];
    const weights = observe ? observed(this.weights, observe) : this.weights;
    return tf.tidy(() => {
      const output = this.architecture.block(weights, block, hidden, sequenceShape(batch));
      return keepTopActivations(this.config, position, output);
    });
  }

  finish(hidden: tf.Tensor2D): tf.Tensor2D {
    const { finish } = this.architecture;
    return finish ? tf.tidy(() => finish(this.weights, hidden)) : hidden.clone();
  }

  headOfBatch(hidden: tf.Tensor2D, { batch }: TokenBatch, observe?: LinearObserver): tf.Tensor2D {
    const weights = observe ? observed(this.weights, observe) : this.weights;
    return tf.tidy(() => this.architecture.head(weights, hidden, batch));
  }

  head(hidden: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => this.architecture.head(this.weights, hidden, hidden.shape[0]));
  }

  logits(batch: TokenBatch): tf.Tensor2D {
    return tf.tidy(() => this.headOfBatch(this.hiddenStates(batch), batch));
  }

  withLinears(replacements: ReadonlyMap<string, LinearWeight>): Model {
    return this.withStructure(this.config.structure, replacements, new Map());
  }

  withStructure(
    structure: ModelStructure,
    replacedLinears: ReadonlyMap<string, LinearWeight>,
    replacedVectors: ReadonlyMap<string, tf.Tensor>,
  ): Model {
    return this.withConfig({ ...this.config, structure }, replacedLinears, replacedVectors);
  }

  withConfig(
    config: ModelConfig,
    replacedLinears: ReadonlyMap<string, LinearWeight>,
    replacedVectors: ReadonlyMap<string, tf.Tensor>,
  ): Model {
    const layout = this.architecture.layout(config);
    const linears = layout.matrices.map(
      ({ module }) => [module, replacedLinears.get(module) ?? this.linears.get(module)!.clone()] as const,
    );
    const vectors = layout.vectors.map(
      ({ tensor }) => [tensor, replacedVectors.get(tensor) ?? this.vectors.get(tensor)!.clone()] as const,
    );
    return this.remake(config, new Map(linears), new Map(vectors));
  }

  /** Creates a model of the same class, which owns the weights. */
  protected remake(
    config: ModelConfig,
    linears: ReadonlyMap<string, LinearWeight>,
    vectors: ReadonlyMap<string, tf.Tensor>,
  ): Model {
    return new TransformerModel(this.architecture, config, linears, vectors, this.unused);
  }

  clone(): Model {
    return this.withLinears(new Map());
  }

  dispose(): void {
    for (const weight of this.linears.values()) weight.dispose();
    for (const vector of this.vectors.values()) vector.dispose();
    for (const routing of this.routings.values()) routing.dispose();
  }

  protected checkIds(ids: Int32Array): void {
    const { vocabularySize } = this.config;
    if (ids.length === 0)
      throw new Error('There is no token to run the model on; give a text that is not empty.');
    const wrong = ids.find((id) => id < 0 || id >= vocabularySize);
    if (wrong === undefined) return;
    throw new Error(
      `Token id ${wrong} is not one of this model's ${vocabularySize}; its tokenizer belongs to another checkpoint.`,
    );
  }

  private checkBatch({ ids, batch, length }: TokenBatch): void {
    if (ids.length !== batch * length) {
      throw new Error(`${ids.length} ids do not make ${batch} sequences of ${length} tokens.`);
    }
    this.checkIds(ids);
    if (length > this.config.contextLength) {
      throw new Error(
        `A sequence of ${length} tokens is longer than the ${this.config.contextLength} positions of this model; use a shorter window.`,
      );
    }
  }
}

/** Dense values, unless 8-bit arithmetic requires the model's operators. */
function denseValues({ structure }: ModelConfig, weight: LinearWeight): tf.Tensor2D | undefined {
  return structure.blockwiseInt8 === undefined ? weight.denseValues : undefined;
}

function routingTables({ structure, vocabularySize }: ModelConfig): Map<number, tf.Tensor1D> {
  const vocabulary = Int32Array.from({ length: vocabularySize }, (_, id) => id);
  return new Map(
    structure.blocks.flatMap(({ index, mixture }) =>
      mixture ? [[index, uploadTensor(expertsOf(mixture, vocabulary), [vocabularySize])]] : [],
    ),
  );
}

function sequenceShape({ batch, length, lengths, ids }: TokenBatch): SequenceShape {
  const counts = Int32Array.from(lengths ?? Array<number>(batch).fill(length));
  return { batch, length, keyCounts: uploadTensor(counts, [batch]), ids };
}

/** Weights that report the input and output of each linear. */
function observed(weights: ModelWeights, observe: LinearObserver): ModelWeights {
  return {
    ...weights,
    denseValues: () => undefined,
    linear: (module) => {
      const weight = weights.linear(module);
      const matmul: LinearWeight['matmul'] = (x, epilogue) => {
        const y = weight.matmul(x, epilogue);
        observe(module, x, y);
        return y;
      };
      return Object.create(weight, { matmul: { value: matmul } }) as LinearWeight;
    },
  };
}

import * as tf from '@tensorflow/tfjs';
import type { TensorEntry } from '../checkpoint/named-tensor';
import type { LayerKeysAndValues } from '../engines/webgpu/kernels/attention/cached-attention';
import { rowRange } from '../engines/webgpu/kernels/layers/copy-rows';
import type { FoldedNorm } from '../engines/webgpu/kernels/wgsl/folded-norm';
import { kernelProfile } from '../engines/webgpu/kernels/wgsl/kernel-profile';
import { emptyTensor } from '../engines/webgpu/transfer';
import type { LinearWeight } from '../weights/linear-weight';
import type { CausalPasses, LayerCache, ModelFamily } from './family';
import type { CausalModel, FoldedNorms, KeyValueCache, NextToken } from './causal-model';
import type { ModelConfig } from './model';
import { memberLength } from './structure';
import { TransformerModel } from './transformer-model';

/** Transformer that continues text, with its family's forward passes over a cache. */
export class CausalTransformer extends TransformerModel implements CausalModel {
  constructor(
    architecture: ModelFamily,
    private readonly causal: CausalPasses,
    config: ModelConfig,
    linears: ReadonlyMap<string, LinearWeight>,
    vectors: ReadonlyMap<string, tf.Tensor>,
    unused?: ReadonlyMap<string, TensorEntry>,
  ) {
    super(architecture, config, linears, vectors, unused);
  }

  createCache(capacity = this.config.contextLength): KeyValueCache {
    const layers = this.config.structure.blocks.map((block) => {
      if (!block.hasAttention) return undefined;
      const width = memberLength({ of: 'heads', groups: 1 }, block, this.config);
      const tensor = () => emptyTensor([capacity, width]);
      return { keys: tensor(), values: tensor() };
    });
    return new TransformerCache(capacity, layers);
  }

  extend(ids: Int32Array, cache: KeyValueCache): tf.Tensor2D {
    requireOwn(cache);
    this.checkIds(ids);
    if (cache.length + ids.length > cache.capacity) {
      throw new Error(
        `${ids.length} more tokens do not fit: the cache holds ${cache.length} of ${cache.capacity}; use a shorter prompt.`,
      );
    }
    const logits = tf.tidy(() => {
      const hidden = this.causal.extend(this.weights, ids, cache); // [tokens, width]
      return this.architecture.head(this.weights, rowRange(hidden, ids.length - 1, 1), 1);
    });
    cache.length += ids.length;
    return logits;
  }

  extendByOne(next: NextToken, cache: KeyValueCache, folded?: FoldedNorms): tf.Tensor2D {
    requireOwn(cache);
    return tf.tidy(() =>
      this.architecture.head(this.weights, this.causal.extendByOne(this.weights, next, cache, folded), 1),
    );
  }

  foldNorms(): FoldedNorms {
    const norms = this.causal.normsBeforeLinears(this.config);
    const folded = new Map<string, FoldedNorm>();
    // Rounded arithmetic must also round the result of the normalization.
    const isRounded = this.config.structure.blockwiseInt8 !== undefined;
    if (isRounded || this.config.width % 4 !== 0) return folded;
    // On a software adapter reading the scale costs more than a launch: fold only one of the two norms.
    const foldable =
      kernelProfile().name === 'software' ? norms.attention : [...norms.attention, ...norms.feedForward];
    for (const { norm, module } of foldable) {
      const weight = this.weights.linear(module);
      if (!weight.matmulOfNormalized) continue;
      const scale = this.weights.vector(`${norm}.weight`);
      const shift = this.weights.vector(`${norm}.bias`);
      const products = tf.tidy(() => weight.matmul(tf.stack([scale, shift]) as tf.Tensor2D)); // [2, out]
      folded.set(module, { scale, shift, epsilon: this.config.layerNormEpsilon, products });
    }
    return folded;
  }

  protected override remake(
    config: ModelConfig,
    linears: ReadonlyMap<string, LinearWeight>,
    vectors: ReadonlyMap<string, tf.Tensor>,
  ): CausalModel {
    return new CausalTransformer(this.architecture, this.causal, config, linears, vectors, this.unused);
  }
}

class TransformerCache implements LayerCache {
  length = 0;

  constructor(
    readonly capacity: number,
    readonly layers: readonly (LayerKeysAndValues | undefined)[],
  ) {}

  get bytes(): number {
    return this.tensors().reduce((sum, { size }) => sum + size * 4, 0);
  }

  dispose(): void {
    tf.dispose(this.tensors());
  }

  private tensors(): tf.Tensor2D[] {
    return this.layers.flatMap((layer) => (layer ? [layer.keys, layer.values] : []));
  }
}

function requireOwn(cache: KeyValueCache): asserts cache is TransformerCache {
  if (!(cache instanceof TransformerCache)) throw new Error('This cache was made by another kind of model.');
}

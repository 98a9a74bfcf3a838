import * as tf from '@tensorflow/tfjs';
import type { Checkpoint } from '../../src/checkpoint/checkpoint';
import { readFloat32 } from '../../src/checkpoint/float-conversion';

/** Keys and values of one layer, [heads, tokens, width of a head]. */
export type LayerKeysAndValues = readonly [keys: tf.Tensor3D, values: tf.Tensor3D];

const MASKED = -1e9;
/** √(2/π) and the cubic coefficient of GPT-2's tanh approximation of GELU (Hendrycks and Gimpel 2016). */
const GELU_SCALE = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

/** GPT-2 with tfjs's own operations, in the style of its documentation. */
export class PlainGpt2 {
  private readonly width: number;
  private readonly heads: number;
  private readonly layers: number;
  private readonly epsilon: number;

  private constructor(
    config: Record<string, unknown>,
    private readonly weights: ReadonlyMap<string, tf.Tensor>,
  ) {
    this.width = Number(config.n_embd);
    this.heads = Number(config.n_head);
    this.layers = Number(config.n_layer);
    this.epsilon = Number(config.layer_norm_epsilon ?? 1e-5);
  }

  static async load({ config, tensors }: Checkpoint): Promise<PlainGpt2> {
    const weights = new Map<string, tf.Tensor>();
    for (const [name, entry] of tensors) {
      const values = await readFloat32(entry);
      weights.set(name.replace(/^transformer\./, ''), tf.tensor(values, [...entry.shape]));
    }
    return new PlainGpt2(config, weights);
  }

  /**
   * Runs `ids` after the tokens of `past`.
   * @returns the most likely next id as a tensor of one element, and keys and values of all tokens; both owned by the
   *   caller
   */
  next(
    ids: Int32Array,
    past?: readonly LayerKeysAndValues[],
  ): { id: tf.Tensor; cache: LayerKeysAndValues[] } {
    const cache: LayerKeysAndValues[] = [];
    const id = tf.tidy(() => {
      const start = past?.[0][0].shape[1] ?? 0;
      const tokens = tf.gather(this.weight('wte.weight'), tf.tensor1d(ids, 'int32'));
      let x = tokens.add(
        this.weight('wpe.weight').slice([start, 0], [ids.length, this.width]),
      ) as tf.Tensor2D;
      for (let layer = 0; layer < this.layers; layer++) {
        const { output, keys, values } = this.block(x, `h.${layer}`, past?.[layer]);
        cache.push([tf.keep(keys), tf.keep(values)]);
        x = output;
      }
      const last = this.norm(x.slice([ids.length - 1, 0], [1, this.width]), 'ln_f');
      return tf.matMul(last, this.weight('wte.weight') as tf.Tensor2D, false, true).argMax(-1);
    });
    return { id, cache };
  }

  dispose(): void {
    tf.dispose([...this.weights.values()]);
  }

  private block(input: tf.Tensor2D, name: string, past?: LayerKeysAndValues) {
    const { attended, keys, values } = this.attention(this.norm(input, `${name}.ln_1`), name, past);
    const x = input.add(attended) as tf.Tensor2D;
    const hidden = gelu(this.linear(this.norm(x, `${name}.ln_2`), `${name}.mlp.c_fc`));
    return { output: x.add(this.linear(hidden, `${name}.mlp.c_proj`)) as tf.Tensor2D, keys, values };
  }

  private attention(x: tf.Tensor2D, name: string, past?: LayerKeysAndValues) {
    const [tokens] = x.shape;
    const parts = tf.split(this.linear(x, `${name}.attn.c_attn`), 3, 1).map((part) => this.splitHeads(part));
    const [query] = parts;
    const [keys, values] = past
      ? [tf.concat([past[0], parts[1]], 1), tf.concat([past[1], parts[2]], 1)]
      : [parts[1], parts[2]];
    let scores = tf.matMul(query, keys, false, true).div(Math.sqrt(this.width / this.heads)); // [heads, tokens, keys]
    // A single token attends to every key; several attend to those up to themselves.
    if (tokens > 1) scores = scores.add(causalMask(tokens, keys.shape[1]));
    const mixed = tf.matMul(tf.softmax(scores), values) as tf.Tensor3D;
    const joined = mixed.transpose([1, 0, 2]).reshape([tokens, this.width]) as tf.Tensor2D;
    return { attended: this.linear(joined, `${name}.attn.c_proj`), keys, values };
  }

  /** [tokens, width] → [heads, tokens, width of a head] */
  private splitHeads(x: tf.Tensor): tf.Tensor3D {
    return x.reshape([x.shape[0], this.heads, this.width / this.heads]).transpose([1, 0, 2]) as tf.Tensor3D;
  }

  private linear(x: tf.Tensor2D, name: string): tf.Tensor2D {
    return tf.matMul(x, this.weight(`${name}.weight`) as tf.Tensor2D).add(this.weight(`${name}.bias`));
  }

  private norm(x: tf.Tensor2D, name: string): tf.Tensor2D {
    const { mean, variance } = tf.moments(x, -1, true);
    const normed = x.sub(mean).div(variance.add(this.epsilon).sqrt());
    return normed.mul(this.weight(`${name}.weight`)).add(this.weight(`${name}.bias`));
  }

  private weight(name: string): tf.Tensor {
    const weight = this.weights.get(name);
    if (!weight) throw new Error(`The checkpoint lacks ${name}.`);
    return weight;
  }
}

function gelu(x: tf.Tensor2D): tf.Tensor2D {
  const cubed = x.mul(x).mul(x).mul(GELU_CUBIC);
  return x.mul(0.5).mul(x.add(cubed).mul(GELU_SCALE).tanh().add(1));
}

/**
 * 0 where a query may attend to a key, −1e9 elsewhere: [queries, keys]; the queries are the last of the keys' tokens.
 */
function causalMask(queries: number, keys: number): tf.Tensor2D {
  const asking = tf.range(keys - queries, keys).reshape([queries, 1]);
  const seen = tf.range(0, keys).reshape([1, keys]);
  return tf.greater(seen, asking).mul(MASKED) as tf.Tensor2D;
}

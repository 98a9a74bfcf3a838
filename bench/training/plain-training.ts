import * as tf from '@tensorflow/tfjs';
import type { Checkpoint } from '../../src/checkpoint/checkpoint';
import { readFloat32 } from '../../src/checkpoint/float-conversion';
import type { TrainingBatch } from '../../src/model/gradients/sequence-losses';
import type { Training } from './training';
import { SETTINGS } from './settings';

const MASKED = -1e9;
/** √(2/π) and the cubic coefficient of GPT-2's tanh approximation of GELU (Hendrycks and Gimpel 2016). */
const GELU_SCALE = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

/**
 * Training of a GPT-2 with tfjs's own operations, in the style of its documentation: variables, its autograd, its
 * Adam. Weight decay and clipping, which Adam lacks, are written here.
 */
export class PlainTraining implements Training {
  private readonly width: number;
  private readonly heads: number;
  private readonly layers: number;
  private readonly norms: number;
  private readonly optimizer = tf.train.adam(
    SETTINGS.learningRate,
    SETTINGS.beta1,
    SETTINGS.beta2,
    SETTINGS.epsilon,
  );

  private constructor(
    config: Record<string, unknown>,
    private readonly variables: ReadonlyMap<string, tf.Variable>,
    private readonly batch: TrainingBatch,
  ) {
    this.width = Number(config.n_embd);
    this.heads = Number(config.n_head);
    this.layers = Number(config.n_layer);
    this.norms = Number(config.layer_norm_epsilon ?? 1e-5);
  }

  static async of({ config, tensors }: Checkpoint, batch: TrainingBatch): Promise<PlainTraining> {
    const variables = new Map<string, tf.Variable>();
    for (const [name, entry] of tensors) {
      const start = tf.tensor(await readFloat32(entry), [...entry.shape]);
      variables.set(name.replace(/^transformer\./, ''), tf.variable(start));
      start.dispose();
    }
    return new PlainTraining(config, variables, batch);
  }

  async step(): Promise<number> {
    const { value, grads } = tf.variableGrads(() => this.loss(), [...this.variables.values()]);
    tf.tidy(() => {
      const squares = Object.values(grads).map((gradient) => tf.sum(tf.square(gradient)));
      const norm = tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square)));
      const scale = tf.minimum(tf.div(SETTINGS.clipping, norm), 1);
      const clipped = Object.entries(grads).map(([name, gradient]) => ({ name, tensor: tf.mul(gradient, scale) }));
      for (const variable of this.variables.values())
        if (variable.rank > 1) variable.assign(tf.mul(variable, 1 - SETTINGS.learningRate * SETTINGS.weightDecay));
      this.optimizer.applyGradients(clipped);
    });
    const [loss] = await value.data();
    tf.dispose([value, grads]);
    return loss;
  }

  dispose(): void {
    this.optimizer.dispose();
    tf.dispose([...this.variables.values()]);
  }

  private loss(): tf.Scalar {
    const { ids, batch, length, targets } = this.batch;
    const embeddings = this.variable('wte.weight');
    const tokens = tf.gather(embeddings, tf.tensor2d(ids, [batch, length], 'int32')) as tf.Tensor3D;
    const positions = this.variable('wpe.weight').slice([0, 0], [length, this.width]);
    let x = tokens.add(positions).reshape([batch * length, this.width]) as tf.Tensor2D;
    for (let layer = 0; layer < this.layers; layer++) x = this.block(x, `h.${layer}`);
    const logits = tf.matMul(this.norm(x, 'ln_f'), embeddings as tf.Tensor2D, false, true);
    const scored = Int32Array.from(targets.keys()).filter((row) => targets[row] >= 0);
    const rows = tf.gather(logits, tf.tensor1d(scored, 'int32'));
    const labels = tf.oneHot(
      tf.tensor1d(
        scored.map((row) => targets[row]),
        'int32',
      ),
      logits.shape[1]!,
    );
    return tf.losses.softmaxCrossEntropy(labels, rows) as tf.Scalar;
  }

  private block(input: tf.Tensor2D, name: string): tf.Tensor2D {
    const x = input.add(this.attention(this.norm(input, `${name}.ln_1`), name)) as tf.Tensor2D;
    const hidden = gelu(this.linear(this.norm(x, `${name}.ln_2`), `${name}.mlp.c_fc`));
    return x.add(this.linear(hidden, `${name}.mlp.c_proj`));
  }

  private attention(x: tf.Tensor2D, name: string): tf.Tensor2D {
    const { batch, length } = this.batch;
    const headWidth = this.width / this.heads;
    const [query, key, value] = tf
      .split(this.linear(x, `${name}.attn.c_attn`), 3, 1)
      .map((part) => part.reshape([batch, length, this.heads, headWidth]).transpose([0, 2, 1, 3]));
    const seen = tf.linalg.bandPart(tf.ones([length, length]) as tf.Tensor2D, -1, 0);
    const scores = tf.matMul(query, key, false, true).div(Math.sqrt(headWidth));
    const masked = scores.add(tf.sub(1, seen).mul(MASKED));
    const mixed = tf.matMul(tf.softmax(masked), value).transpose([0, 2, 1, 3]);
    return this.linear(mixed.reshape([batch * length, this.width]), `${name}.attn.c_proj`);
  }

  private linear(x: tf.Tensor2D, name: string): tf.Tensor2D {
    const matrix = this.variable(`${name}.weight`) as tf.Tensor as tf.Tensor2D;
    return tf.matMul(x, matrix).add(this.variable(`${name}.bias`));
  }

  private norm(x: tf.Tensor2D, name: string): tf.Tensor2D {
    const { mean, variance } = tf.moments(x, -1, true);
    const normed = x.sub(mean).div(variance.add(this.norms).sqrt());
    return normed.mul(this.variable(`${name}.weight`)).add(this.variable(`${name}.bias`));
  }

  private variable(name: string): tf.Tensor {
    const variable = this.variables.get(name);
    if (!variable) throw new Error(`The checkpoint lacks ${name}.`);
    return variable;
  }
}

function gelu(x: tf.Tensor2D): tf.Tensor2D {
  const cubed = x.mul(x).mul(x).mul(GELU_CUBIC);
  return x.mul(0.5).mul(x.add(cubed).mul(GELU_SCALE).tanh().add(1));
}

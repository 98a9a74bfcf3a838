import * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../engines/webgpu/transfer';
import { adamwStep } from '../engines/webgpu/kernels/training/adamw';
import type { TrainableTensor } from './trainable-matrix';

export interface AdamWSettings {
  /** Decay rate of the running mean of the gradient; `beta2` that of its square. */
  readonly beta1: number;
  readonly beta2: number;
  /** Decoupled decay: fraction of the learning rate by which a decaying parameter shrinks in each step. */
  readonly weightDecay: number;
  readonly epsilon?: number;
}

/** PyTorch's default. */
const EPSILON = 1e-8;

/** Running means of one parameter's gradient and of its square, both of the parameter's shape. */
export interface Moments {
  readonly first: tf.Tensor;
  readonly second: tf.Tensor;
}

/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2), step for step as torch.optim.AdamW: decoupled decay, bias correction, ε
 * outside the root. Updates the caller's parameter tensors in place and owns the moments.
 */
export class AdamW {
  /** Moments in the order of the parameters. Resuming a run writes its saved moments here and its count into `steps`. */
  readonly moments: readonly Moments[];
  /** Steps taken so far. */
  steps = 0;
  private readonly settings: Required<AdamWSettings>;

  constructor(
    private readonly parameters: readonly TrainableTensor[],
    settings: AdamWSettings,
  ) {
    this.settings = { epsilon: EPSILON, ...settings };
    // Filled on the GPU, outside the caller's tidy.
    const zeros = (shape: number[]) => tf.keep(tf.fill(shape, 0));
    this.moments = parameters.map(({ tensor: { shape } }) => ({ first: zeros(shape), second: zeros(shape) }));
  }

  /**
   * Takes one step.
   * @param gradients one for each parameter, in their order and shapes
   * @param scale [1] on the GPU: multiplies all gradients first (see `clippingScale`)
   */
  step(gradients: readonly tf.Tensor[], learningRate: number, scale: tf.Tensor): void {
    if (gradients.length !== this.parameters.length)
      throw new Error(`${gradients.length} gradients do not fit ${this.parameters.length} parameters.`);
    this.steps++;
    const { beta1, beta2, epsilon, weightDecay } = this.settings;
    const corrections = [beta1, beta2].map((beta) => 1 / (1 - beta ** this.steps));
    const schedule = uploadTensor(Float32Array.of(learningRate, ...corrections), [3]);
    this.parameters.forEach(({ tensor: parameter, decays }, index) => {
      const tensors = { parameter, gradient: gradients[index], ...this.moments[index], scale, schedule };
      adamwStep(tensors, { beta1, beta2, epsilon, weightDecay: decays ? weightDecay : 0 });
    });
    schedule.dispose();
  }

  dispose(): void {
    tf.dispose(this.moments.flatMap(({ first, second }) => [first, second]));
  }
}

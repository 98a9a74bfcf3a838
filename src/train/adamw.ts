import * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../engines/webgpu/transfer';
import { adamwStep } from '../engines/webgpu/kernels/training/adamw';
import type { TrainableTensor } from './trainable-matrix';

export interface AdamWSettings {
  /** Decays of the running means of the gradient and of its square. */
  readonly beta1: number;
  readonly beta2: number;
  /** Decoupled: of the parameters that decay, the share of the learning rate that they lose in a step. */
  readonly weightDecay: number;
  readonly epsilon?: number;
}

/** PyTorch's default. */
const EPSILON = 1e-8;

/** What the optimizer knows of one parameter, of its shape. */
export interface Moments {
  readonly first: tf.Tensor;
  readonly second: tf.Tensor;
}

/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2), step for step as torch.optim.AdamW: decoupled decay, bias correction, ε
 * outside the root. It changes the parameters' tensors in place, which stay the caller's, and owns the moments.
 */
export class AdamW {
  /** In the order of the parameters. A state that is kept is written here, and into `steps`. */
  readonly moments: readonly Moments[];
  /** Steps taken so far. */
  steps = 0;
  private readonly settings: Required<AdamWSettings>;

  constructor(
    private readonly parameters: readonly TrainableTensor[],
    settings: AdamWSettings,
  ) {
    this.settings = { epsilon: EPSILON, ...settings };
    // Filled on the GPU, outside any tidy of the caller's.
    const zeros = (shape: number[]) => tf.keep(tf.fill(shape, 0));
    this.moments = parameters.map(({ tensor: { shape } }) => ({ first: zeros(shape), second: zeros(shape) }));
  }

  /**
   * One update.
   * @param gradients of the parameters, in their order and shapes
   * @param scale [1] on the GPU: all gradients are multiplied by it first (see `clippingScale`)
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

import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { defineKernel } from '../../define-kernel';
import body from './sample-row.wgsl?raw';
import sums from '../wgsl/thread-sums.wgsl?raw';

/** Parameters of the sampling distribution. */
export interface SamplingDistribution {
  /** Divides the logits; above 0. */
  readonly temperature: number;
  /** Samples only from the k most likely tokens, the lowest ids if equal; at least one. All by default. */
  readonly topK?: number;
  /**
   * After renormalization, samples only from the smallest set of the most likely tokens whose probability reaches p: the
   * nucleus of Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration". At least one token; 1 or more keeps all.
   */
  readonly topP?: number;
}

const kernelOf = (threads: number) =>
  defineKernel({
    name: 'sample-row',
    inputs: { logits: 'array<f32>', draws: 'array<f32>', step: 'array<i32>' },
    outputs: { drawn: 'array<i32>' },
    uniforms: { vocabulary: 'u32', topK: 'u32', topP: 'f32', temperature: 'f32' },
    constants: { THREADS: threads },
    body: [sums, body],
  });
/** Maximum threads per workgroup guaranteed by WebGPU. */
const HARDWARE = kernelOf(256);
/** Software adapters run a workgroup on one core, and each thread makes barriers more expensive. */
const SOFTWARE = kernelOf(16);

/**
 * Samples a token by inverse transform sampling in order of ids. The index of the draw is read on the GPU, so that a recorded
 * launch uses a new draw each time it is replayed.
 *
 * Probabilities are rounded to about 2^-31, so that sums are exact and the same inputs give the same token.
 *
 * @param logits [1, vocabulary]
 * @param draws [n] uniform in [0, 1)
 * @param step [1] int32: index of the draw, below n
 * @returns the id, [1] int32
 * @throws Error if the temperature is not above 0
 */
export function sampleRow(
  logits: tf.Tensor2D,
  draws: tf.Tensor1D,
  step: tf.Tensor1D,
  { temperature, topK = Infinity, topP = 1 }: SamplingDistribution,
): tf.Tensor1D {
  if (!(temperature > 0)) {
    throw new Error(
      `Sampling takes a temperature above 0 and was given ${temperature}; take the most likely token instead.`,
    );
  }
  const [, vocabulary] = logits.shape;
  const kernel = currentGpu().description.isFallback ? SOFTWARE : HARDWARE;
  return kernel.run({
    inputs: { logits, draws, step },
    outputs: { drawn: [1] },
    uniforms: { vocabulary, topK: Math.min(Math.max(1, topK), vocabulary), topP, temperature },
    workgroups: [1],
  }).drawn;
}

import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { defineKernel } from '../../define-kernel';
import body from './sample-row.wgsl?raw';
import sums from '../wgsl/thread-sums.wgsl?raw';

/** Which tokens are drawn from, and how evenly. */
export interface SamplingDistribution {
  /** Logits are divided by it; above 0. */
  readonly temperature: number;
  /** Only the k most likely tokens are drawn from, of equals the lowest ids; at least one. All by default. */
  readonly topK?: number;
  /**
   * Of those, after renormalisation, only the smallest set of the most likely whose probability reaches p: the nucleus
   * of Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration". At least one token; 1 or more keeps all.
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
/** The most threads that every WebGPU device takes in a workgroup. */
const HARDWARE = kernelOf(256);
/** Software adapters run one workgroup on one core, and each thread makes each barrier dearer. */
const SOFTWARE = kernelOf(16);

/**
 * Draws a token by inverse transform sampling in order of ids. Which draw is used is read on the GPU, so that a
 * recorded launch draws anew each time it is replayed.
 *
 * Probabilities are rounded to about 2^-31, so that the sums are exact and the same inputs give the same token.
 *
 * @param logits [1, vocabulary]
 * @param draws [n] uniform in [0, 1)
 * @param step [1] int32: the index of the draw, below n
 * @returns the id, [1] int32
 * @throws Error where the temperature is not above 0
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

import * as tf from '@tensorflow/tfjs';
import { openGpu } from '../../src/engines/webgpu/device';
import { gpuIdle, releaseFreeBuffers } from '../../src/engines/webgpu/memory';
import type { LinearWeight } from '../../src/weights/linear-weight';
import { multiplicationsOfWeight } from '../contenders/multiplications';
import { MAKE_WEIGHT } from './make-weights';

/** One product x · Wᵀ. */
export interface KernelCase {
  /** A key of `MAKE_WEIGHT`. */
  readonly form: string;
  readonly outputs: number;
  readonly inputs: number;
  /** 1: a matrix-vector product, as in decoding. */
  readonly tokens: number;
}

export interface KernelFigures {
  readonly milliseconds: number;
  /** Twice the format's multiplications over the time: for a sparse or factorized weight, only those that it needs. */
  readonly gflops: number;
  /** Bytes of the stored weight, of x and of y over the time. */
  readonly gigabytesPerSecond: number;
}

const SAMPLES = 5;
/** Minimum duration of a sample, so that the final wait for the GPU is negligible. */
const SAMPLE_MILLISECONDS = 60;
/** The kernel cycles through copies of a weight that together exceed the caches of today's GPUs. */
const WORKING_SET_BYTES = 256 * 1024 * 1024;
const MAX_COPIES = 8;
const COPY_BYTES = 128 * 1024 * 1024;

/** Median time of one product over five samples after a warm-up, as work per second. */
export async function benchKernel({ form, outputs, inputs, tokens }: KernelCase): Promise<KernelFigures> {
  const gpu = await openGpu();
  const original = await MAKE_WEIGHT[form]([outputs, inputs]);
  const copies = await copiesFor(original, form, gpu.description.isFallback);
  const x = tf.keep(tf.fill([tokens, inputs], 0.5)) as tf.Tensor2D;
  try {
    const milliseconds = await medianTime((round) => copies[round % copies.length].matmul(x).dispose());
    const multiplications = tokens * multiplicationsOfWeight(original);
    const bytes = original.storedBytes + 4 * tokens * (inputs + outputs);
    return {
      milliseconds,
      gflops: (2 * multiplications) / milliseconds / 1e6,
      gigabytesPerSecond: bytes / milliseconds / 1e6,
    };
  } finally {
    x.dispose();
    for (const copy of copies) copy.dispose();
    releaseFreeBuffers();
  }
}

/**
 * Bytes per second of a copy from buffer to buffer, read and written bytes together: the upper bound for a kernel
 * that only reads.
 */
export async function copyBandwidth(): Promise<number> {
  const { device } = await openGpu();
  const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffers = [0, 1].map(() => device.createBuffer({ size: COPY_BYTES, usage }));
  const milliseconds = await medianTime(() => {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffers[0], 0, buffers[1], 0, COPY_BYTES);
    device.queue.submit([encoder.finish()]);
  });
  for (const buffer of buffers) buffer.destroy();
  return (2 * COPY_BYTES) / milliseconds / 1e6;
}

async function medianTime(launch: (round: number) => void): Promise<number> {
  let launches = 1;
  await timeOf(launches, launch); // compiles the pipelines
  let elapsed = await timeOf(launches, launch);
  while (elapsed < SAMPLE_MILLISECONDS && launches < 1 << 14) {
    launches = Math.ceil(launches * Math.min(8, Math.max(2, SAMPLE_MILLISECONDS / Math.max(elapsed, 0.1))));
    elapsed = await timeOf(launches, launch);
  }
  const samples: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) samples.push((await timeOf(launches, launch)) / launches);
  return samples.sort((left, right) => left - right)[SAMPLES >> 1];
}

async function timeOf(launches: number, launch: (round: number) => void): Promise<number> {
  await gpuIdle();
  const start = performance.now();
  for (let round = 0; round < launches; round++) launch(round);
  await gpuIdle();
  return performance.now() - start;
}

/** The weight and, on a GPU, further copies in their own buffers. */
async function copiesFor(original: LinearWeight, form: string, isFallback: boolean): Promise<LinearWeight[]> {
  const wanted = isFallback ? 1 : Math.min(MAX_COPIES, Math.ceil(WORKING_SET_BYTES / original.storedBytes));
  const copies = [original];
  while (copies.length < wanted) copies.push(await MAKE_WEIGHT[form](original.shape));
  return copies;
}

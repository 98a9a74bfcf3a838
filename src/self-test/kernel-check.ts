import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../engines/webgpu/device';
import { readFloats } from '../engines/webgpu/transfer';

/** A result of kernels, and what it has to be. */
export interface KernelCheck {
  /** What is computed, as a person would say it: "layer norm". */
  readonly name: string;
  /** What the result may be off by, as `KernelCheckResult.error`. */
  readonly tolerance: number;
  /** Launches the kernels. @returns their result, which the caller owns, and the same computed in float64 on the CPU */
  run(): Promise<{ readonly result: tf.Tensor; readonly expected: ArrayLike<number> }>;
}

export interface KernelCheckResult {
  readonly name: string;
  readonly passed: boolean;
  /** ‖result − expected‖ / ‖expected‖; absent where nothing was computed. */
  readonly error?: number;
  /** What the device or the kernel's launch complained of. */
  readonly problem?: string;
}

/** Runs one check. Whatever goes wrong in it, and what the device has to object, is its result; nothing stays on the GPU. */
export async function runKernelCheck({ name, tolerance, run }: KernelCheck): Promise<KernelCheckResult> {
  const { device } = currentGpu();
  const scopes = ['validation', 'internal', 'out-of-memory'] as const;
  for (const scope of scopes) device.pushErrorScope(scope);
  let outcome: Pick<KernelCheckResult, 'error' | 'problem'>;
  try {
    const { result, expected } = await run();
    try {
      outcome = { error: relativeError(await readFloats(result), expected) };
    } finally {
      result.dispose();
    }
  } catch (error) {
    outcome = { problem: (error as Error).message };
  }
  for (let index = 0; index < scopes.length; index++) {
    const objection = await device.popErrorScope();
    if (objection) outcome = { ...outcome, problem: objection.message };
  }
  const { error = Infinity, problem } = outcome;
  return { name, passed: problem === undefined && error <= tolerance, ...outcome };
}

/** @returns Infinity where the lengths differ or a result is no number */
export function relativeError(result: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (result.length !== expected.length) return Infinity;
  let [off, whole] = [0, 0];
  for (let index = 0; index < expected.length; index++) {
    off += (result[index] - expected[index]) ** 2;
    whole += expected[index] ** 2;
  }
  return Number.isNaN(off) ? Infinity : Math.sqrt(off / whole);
}

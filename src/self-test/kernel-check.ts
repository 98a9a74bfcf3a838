import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../engines/webgpu/device';
import { readFloats } from '../engines/webgpu/transfer';

/** Kernel result to compare with its expected value. */
export interface KernelCheck {
  /** Readable name of the computation: "layer norm". */
  readonly name: string;
  /** Greatest `KernelCheckResult.error` that passes. */
  readonly tolerance: number;
  /** Launches the kernels. @returns their result, owned by the caller, and the same computed in float64 on the CPU */
  run(): Promise<{ readonly result: tf.Tensor; readonly expected: ArrayLike<number> }>;
}

export interface KernelCheckResult {
  readonly name: string;
  readonly passed: boolean;
  /** ‖result − expected‖ / ‖expected‖; absent if nothing was computed. */
  readonly error?: number;
  /** Error of the device or of the kernel's launch. */
  readonly problem?: string;
}

/** Runs one check. Errors, including those of the device, become part of its result; leaves nothing on the GPU. */
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
    const deviceError = await device.popErrorScope();
    if (deviceError) outcome = { ...outcome, problem: deviceError.message };
  }
  const { error = Infinity, problem } = outcome;
  return { name, passed: problem === undefined && error <= tolerance, ...outcome };
}

/** @returns Infinity if the lengths differ or a result is NaN */
export function relativeError(result: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (result.length !== expected.length) return Infinity;
  let [squaredError, squaredNorm] = [0, 0];
  for (let index = 0; index < expected.length; index++) {
    squaredError += (result[index] - expected[index]) ** 2;
    squaredNorm += expected[index] ** 2;
  }
  return Number.isNaN(squaredError) ? Infinity : Math.sqrt(squaredError / squaredNorm);
}

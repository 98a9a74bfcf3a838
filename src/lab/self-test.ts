import { CHECKS } from '../self-test/checks';
import { type KernelCheckResult, runKernelCheck } from '../self-test/kernel-check';
import type { OperationOptions } from './protocol/protocol';

/**
 * Runs every check of the self-test as a separate step.
 * @param whenIdle runs a step when the lab is idle
 * @throws the signal's reason; Error if the device is lost
 */
export async function selfTest(
  whenIdle: <T>(step: () => Promise<T>, signal?: AbortSignal) => Promise<T>,
  { signal, onProgress }: OperationOptions,
): Promise<KernelCheckResult[]> {
  const results: KernelCheckResult[] = [];
  for (const check of CHECKS) {
    results.push(await whenIdle(() => runKernelCheck(check), signal));
    const [done, total] = [results.length, CHECKS.length];
    onProgress?.({ label: 'Checking kernels against the CPU', done, total, unit: 'kernels' });
  }
  return results;
}

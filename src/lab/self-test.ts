import { CHECKS } from '../self-test/checks';
import { type KernelCheckResult, runKernelCheck } from '../self-test/kernel-check';
import type { OperationOptions } from './protocol/protocol';

/**
 * Runs every check of the self-test, each as a step of its own.
 * @param whenIdle runs a step when nothing else is to be done
 * @throws the signal's reason; Error where the device is lost
 */
export async function selfTest(
  whenIdle: <T>(step: () => Promise<T>, signal?: AbortSignal) => Promise<T>,
  { signal, onProgress }: OperationOptions,
): Promise<KernelCheckResult[]> {
  const results: KernelCheckResult[] = [];
  for (const check of CHECKS) {
    results.push(await whenIdle(() => runKernelCheck(check), signal));
    const [done, total] = [results.length, CHECKS.length];
    onProgress?.({ label: 'Holding kernels against the CPU', done, total, unit: 'kernels' });
  }
  return results;
}

import { TensorTooLargeError } from './allocate';
import { currentGpu } from './device';
import { submitPendingWork } from './memory';

/** Kinds of errors that the device reports asynchronously, and that make operations fail silently. */
const FILTERS: readonly GPUErrorFilter[] = ['out-of-memory', 'validation'];

/** Result of some work, and the reason if the GPU could not do it; without a problem the result is valid. */
export interface Attempt<T> {
  readonly result?: T;
  readonly problem?: string;
}

/**
 * Runs work that may exceed the GPU's resources. Waits until the device has accepted the work, not until it is computed.
 *
 * @param work encodes commands; tensors that it returns are in `result` even if there is a problem, without valid content
 * @throws errors of `work`, except that a tensor exceeds the largest buffer, which is a problem
 */
export async function attempt<T>(work: () => T | Promise<T>): Promise<Attempt<T>> {
  const { device } = currentGpu();
  submitPendingWork();
  for (const filter of FILTERS) device.pushErrorScope(filter);
  let result: T | undefined;
  let thrown: unknown;
  try {
    result = await work();
    submitPendingWork();
  } catch (error) {
    thrown = error;
  }
  const reported = await Promise.all(FILTERS.map(() => device.popErrorScope()));
  if (thrown instanceof TensorTooLargeError) return { problem: thrown.message };
  if (thrown !== undefined) throw thrown;
  // The outermost scope, which was pushed first, has the original cause.
  const problem = reported.find((error) => error !== null)?.message;
  return problem === undefined ? { result } : { result, problem: problem.split('\n')[0] };
}

import { TensorTooLargeError } from './allocate';
import { currentGpu } from './device';
import { submitPendingWork } from './memory';

/** Errors of these kinds the device reports beside the program's flow, and what it was asked for does not happen. */
const FILTERS: readonly GPUErrorFilter[] = ['out-of-memory', 'validation'];

/** What work gave, and why the GPU could not do it; without a problem the result can be relied on. */
export interface Attempt<T> {
  readonly result?: T;
  readonly problem?: string;
}

/**
 * Does work that may ask the GPU for more than it has. This waits until the device has taken everything on, though not until it
 * is computed.
 *
 * @param work encodes; tensors that it returns are in `result` also where there is a problem, and hold nothing then
 * @throws whatever `work` throws, but for a tensor larger than a buffer may be, which is a problem
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
  // The scope that was pushed first is the outermost, and the first cause of what follows is what matters.
  const problem = reported.find((error) => error !== null)?.message;
  return problem === undefined ? { result } : { result, problem: problem.split('\n')[0] };
}

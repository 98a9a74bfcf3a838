/** Counts of GPU operations since the page was opened; benchmarks divide them by their tokens. */
export interface GpuCounters {
  /** Command buffers submitted to the queue. */
  submissions: number;
  /** Kernels launched. */
  dispatches: number;
  /** Buffers mapped for reading back. */
  readbacks: number;
}

const counters: GpuCounters = { submissions: 0, dispatches: 0, readbacks: 0 };

/** Returns a copy of the current counters. */
export function gpuCounters(): Readonly<GpuCounters> {
  return { ...counters };
}

/** Called by the code that performs the operation. */
export function countGpu(what: keyof GpuCounters, times = 1): void {
  counters[what] += times;
}

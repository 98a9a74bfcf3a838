/** How often the GPU was talked to since the page was opened: what a benchmark divides by its tokens. */
export interface GpuCounters {
  /** Command buffers handed to the queue. */
  submissions: number;
  /** Kernels launched. */
  dispatches: number;
  /** Times that results were mapped into the page's memory. */
  readbacks: number;
}

const counters: GpuCounters = { submissions: 0, dispatches: 0, readbacks: 0 };

/** A copy of the counters as they stand now. */
export function gpuCounters(): Readonly<GpuCounters> {
  return { ...counters };
}

/** Called where the work is done. */
export function countGpu(what: keyof GpuCounters, times = 1): void {
  counters[what] += times;
}

/** Totals at the WebGPU interface of this page since it was opened. */
export interface GpuCounts {
  submissions: number;
  dispatches: number;
  /** Number of buffers mapped for reading: each waits for the GPU once. */
  readbacks: number;
}

export interface GpuMeter {
  /** Bytes of live buffers. */
  liveBytes(): number;
  counts(): GpuCounts;
}

/**
 * Counts buffers, submissions, dispatches and readbacks at the prototypes of WebGPU, through which every library must
 * pass. Must be called before the first device is opened. Counting costs nanoseconds, the same for all.
 */
export function watchGpu(): GpuMeter {
  let liveBytes = 0;
  const counts: GpuCounts = { submissions: 0, dispatches: 0, readbacks: 0 };
  const sizes = new WeakMap<object, number>();
  observe(GPUDevice.prototype, 'createBuffer', (_device, _args, buffer) => {
    const { size } = buffer as GPUBuffer;
    sizes.set(buffer as GPUBuffer, size);
    liveBytes += size;
  });
  observe(GPUBuffer.prototype, 'destroy', (buffer) => {
    liveBytes -= sizes.get(buffer) ?? 0;
    sizes.delete(buffer);
  });
  observe(GPUBuffer.prototype, 'mapAsync', (_buffer, [mode]) => {
    if (mode === GPUMapMode.READ) counts.readbacks++;
  });
  observe(GPUQueue.prototype, 'submit', () => counts.submissions++);
  observe(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', () => counts.dispatches++);
  observe(GPUComputePassEncoder.prototype, 'dispatchWorkgroupsIndirect', () => counts.dispatches++);
  return { liveBytes: () => liveBytes, counts: () => ({ ...counts }) };
}

type Method = (...args: unknown[]) => unknown;

/** Calls `note` after each call of a method. */
function observe<Prototype extends object>(
  prototype: Prototype,
  name: keyof Prototype & string,
  note: (self: object, args: unknown[], result: unknown) => void,
): void {
  const original = prototype[name] as Method;
  const observed = function (this: object, ...args: unknown[]): unknown {
    const result = original.apply(this, args);
    note(this, args, result);
    return result;
  };
  Object.assign(prototype, { [name]: observed });
}

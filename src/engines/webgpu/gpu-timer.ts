import { currentGpu, isGpuOpen } from './device';
import { submitPendingWork } from './memory';

/** Queries per set, two for each compute pass; the maximum in WebGPU. */
const QUERIES_PER_SET = 4096;
const BYTES_PER_STAMP = 8;

/**
 * Measures GPU time by `timestamp-query`: between `start` and `stop`, every compute pass, tfjs's and Lathe's, records its
 * beginning and end. Gaps between passes, while the GPU waits for the CPU's encoding or a read-back, do not count; wall-clock
 * time includes them.
 *
 * Browsers round timestamps (Chrome to 100 µs). Consecutive passes share the rounding at their boundary, so only the ends of
 * an uninterrupted sequence are affected, up and down alike. Only long work gives useful figures: time a whole prefill or
 * many decoded tokens, never a single kernel.
 */
export class GpuTimer {
  private readonly querySets: GPUQuerySet[] = [];
  private passes = 0;

  private constructor(private readonly device: GPUDevice) {}

  /** Creates a timer for the open device; undefined without `timestamp-query`. The caller destroys it. */
  static open(): GpuTimer | undefined {
    const { device } = currentGpu();
    return device.features.has('timestamp-query') ? new GpuTimer(device) : undefined;
  }

  /** Starts recording timestamps for every compute pass; commands encoded before are submitted and do not count. */
  start(): void {
    this.stopStamping();
    this.passes = 0;
    // Intercepts every encoder, including tfjs's: an own property shadows the method of the device's class until `stop`.
    const createCommandEncoder = this.device.createCommandEncoder.bind(this.device);
    this.device.createCommandEncoder = (descriptor) => {
      const encoder = createCommandEncoder(descriptor);
      const beginComputePass = encoder.beginComputePass.bind(encoder);
      encoder.beginComputePass = (pass) => beginComputePass({ ...pass, timestampWrites: this.nextStamps() });
      return encoder;
    };
  }

  /**
   * Submits what was encoded, stops stamping and reads the stamps back.
   * @returns milliseconds in which the GPU ran at least one of the passes; undefined where it ran none or where its stamps
   *   make no sense
   */
  async stop(): Promise<number | undefined> {
    this.stopStamping();
    return busyMilliseconds(await this.readStamps());
  }

  /** Frees the queries and stops recording. */
  destroy(): void {
    this.stopStamping();
    for (const querySet of this.querySets.splice(0)) querySet.destroy();
  }

  /** Submits an open encoder, so that its passes fall on one side of this point. */
  private stopStamping(): void {
    if (isGpuOpen()) submitPendingWork();
    delete (this.device as Partial<GPUDevice>).createCommandEncoder;
  }

  private nextStamps(): GPUComputePassTimestampWrites {
    const first = 2 * this.passes++;
    const index = Math.floor(first / QUERIES_PER_SET);
    this.querySets[index] ??= this.device.createQuerySet({ type: 'timestamp', count: QUERIES_PER_SET });
    return {
      querySet: this.querySets[index],
      beginningOfPassWriteIndex: first % QUERIES_PER_SET,
      endOfPassWriteIndex: (first % QUERIES_PER_SET) + 1,
    };
  }

  /** Nanoseconds: beginning and end of each pass. */
  private async readStamps(): Promise<BigUint64Array> {
    const count = 2 * this.passes;
    if (count === 0) return new BigUint64Array(0);
    const size = count * BYTES_PER_STAMP;
    const { COPY_SRC, COPY_DST, MAP_READ, QUERY_RESOLVE } = GPUBufferUsage;
    const resolved = this.device.createBuffer({ size, usage: QUERY_RESOLVE | COPY_SRC });
    const staging = this.device.createBuffer({ size, usage: COPY_DST | MAP_READ });
    try {
      const encoder = this.device.createCommandEncoder();
      for (let start = 0; start < count; start += QUERIES_PER_SET) {
        const querySet = this.querySets[start / QUERIES_PER_SET];
        const queries = Math.min(QUERIES_PER_SET, count - start);
        encoder.resolveQuerySet(querySet, 0, queries, resolved, start * BYTES_PER_STAMP);
      }
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
      this.device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      return new BigUint64Array(staging.getMappedRange().slice(0));
    } finally {
      resolved.destroy();
      staging.destroy();
    }
  }
}

/**
 * Time during which at least one pass ran; passes may overlap on some GPUs, and the overlap counts once.
 *
 * @param stamps nanoseconds, beginning and end of each pass
 * @returns milliseconds; undefined without a pass, if a pass ended before it began, or if a timestamp was never written
 */
export function busyMilliseconds(stamps: BigUint64Array): number | undefined {
  const passes = Array.from({ length: stamps.length / 2 }, (_, pass) => ({
    begin: stamps[2 * pass],
    end: stamps[2 * pass + 1],
  }));
  const makesSense = passes.every(({ begin, end }) => begin > 0n && end >= begin);
  if (passes.length === 0 || !makesSense) return undefined;
  passes.sort((left, right) => Number(left.begin - right.begin));
  let busy = 0n;
  let reached = 0n;
  for (const { begin, end } of passes) {
    if (end <= reached) continue;
    busy += end - (begin > reached ? begin : reached);
    reached = end;
  }
  return Number(busy) / 1e6;
}

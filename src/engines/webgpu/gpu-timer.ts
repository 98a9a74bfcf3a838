import { currentGpu, isGpuOpen } from './device';
import { submitPendingWork } from './memory';

/** Queries in one set, two for each compute pass: as many as WebGPU allows. */
const QUERIES_PER_SET = 4096;
const BYTES_PER_STAMP = 8;

/**
 * Measures how long the GPU computed, by `timestamp-query`: between `start` and `stop` every compute pass, tfjs's and our
 * own, notes when it began and when it ended. What the GPU waits for meanwhile, such as the CPU's encoding or a read back, lies
 * between the passes and does not count; wall time includes it.
 *
 * Browsers round each stamp (Chrome to 100 µs). Passes that follow one another share the rounding where they meet, so that
 * it falls on the ends of an uninterrupted stretch of work alone, up and down alike; still only long work gives a figure worth
 * having: time a whole prefill, or many decoded tokens, never one kernel.
 */
export class GpuTimer {
  private readonly querySets: GPUQuerySet[] = [];
  private passes = 0;

  private constructor(private readonly device: GPUDevice) {}

  /** A timer for the open device; undefined where it has no `timestamp-query`. The caller destroys it. */
  static open(): GpuTimer | undefined {
    const { device } = currentGpu();
    return device.features.has('timestamp-query') ? new GpuTimer(device) : undefined;
  }

  /** Stamps every compute pass from here on; what was encoded before is submitted and does not count. */
  start(): void {
    this.stopStamping();
    this.passes = 0;
    // Whoever encodes, tfjs too, has to pass here: an own property covers the method of the device's class until `stop`.
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

  /** Frees the queries, and stops stamping if that goes on. */
  destroy(): void {
    this.stopStamping();
    for (const querySet of this.querySets.splice(0)) querySet.destroy();
  }

  /** An encoder that is still open is submitted: the stamps of its passes belong to one side of this point. */
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

  /** Nanoseconds: begin and end of each pass in turn. */
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
 * The time that at least one pass took: passes may overlap on some GPUs, and what they share counts once.
 *
 * @param stamps nanoseconds, begin and end of each pass in turn
 * @returns milliseconds; undefined without a pass, where one ended before it began, or where a stamp was never written
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

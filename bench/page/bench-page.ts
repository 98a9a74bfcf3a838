import type { Contender, Decoded } from '../contenders/contender';
import type { LatheContender } from '../contenders/lathe';
import type { GpuCounts, GpuMeter } from './gpu-meter';

/** Ids spread over the vocabulary, so that their rows are not all in one cache line. */
function promptOf(length: number, vocabulary: number): Int32Array {
  return Int32Array.from({ length }, (_, index) => (index * 7919 + 13) % vocabulary);
}

/** The measurements of one contender in its page; all times in milliseconds. */
export class BenchPage {
  constructor(
    private readonly contender: Contender,
    private readonly meter: GpuMeter,
  ) {}

  /** From the URLs of the files to the first token after a prompt. */
  async loadToFirstToken(promptLength: number, vocabulary: number): Promise<number> {
    const start = performance.now();
    await this.contender.load();
    await this.contender.prefill(promptOf(promptLength, vocabulary));
    return performance.now() - start;
  }

  async prefill(length: number, vocabulary: number): Promise<number> {
    const prompt = promptOf(length, vocabulary);
    const start = performance.now();
    await this.contender.prefill(prompt);
    return performance.now() - start;
  }

  decode(promptLength: number, vocabulary: number, count: number): Promise<Decoded> {
    return this.contender.decode(promptOf(promptLength, vocabulary), count);
  }

  /** Cost of one decoded token at the WebGPU interface: the difference between a long and a short continuation. */
  async countsPerToken(promptLength: number, vocabulary: number, count: number): Promise<GpuCounts> {
    const prompt = promptOf(promptLength, vocabulary);
    const short = await this.countsOf(() => this.contender.decode(prompt, count));
    const long = await this.countsOf(() => this.contender.decode(prompt, 2 * count));
    return {
      submissions: (long.submissions - short.submissions) / count,
      dispatches: (long.dispatches - short.dispatches) / count,
      readbacks: (long.readbacks - short.readbacks) / count,
    };
  }

  gpuBytes(): number {
    return this.meter.liveBytes();
  }

  multiplications(tokens: number, past: number): number {
    return (this.contender as LatheContender).multiplications(tokens, past);
  }

  private async countsOf(run: () => Promise<unknown>): Promise<GpuCounts> {
    const before = this.meter.counts();
    await run();
    const after = this.meter.counts();
    return {
      submissions: after.submissions - before.submissions,
      dispatches: after.dispatches - before.dispatches,
      readbacks: after.readbacks - before.readbacks,
    };
  }
}

/** Description of the adapter of all pages of this browser; `isGpu` is false for a software rasteriser. */
export async function describeAdapter(): Promise<{ name: string; isGpu: boolean }> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('WebGPU found no adapter in this browser.');
  const { vendor, architecture, device, description } = adapter.info;
  const name = [vendor, architecture, device, description].filter(Boolean).join(', ');
  return { name, isGpu: !/swiftshader|llvmpipe/i.test(name) };
}

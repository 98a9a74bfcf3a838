import * as tf from '@tensorflow/tfjs';
import { countGpu } from '../../engines/webgpu/counters';
import { currentGpu } from '../../engines/webgpu/device';
import { record, type Recording, submitEncoded } from '../../engines/webgpu/recording';
import { gpuBufferOf } from '../../engines/webgpu/gpu-buffer';
import { uploadTensor } from '../../engines/webgpu/transfer';
import { advanceSequence, type SequenceState } from '../../engines/webgpu/kernels/sampling/advance-sequence';
import { argmaxRows } from '../../engines/webgpu/kernels/sampling/argmax-rows';
import { sampleRow, type SamplingDistribution } from '../../engines/webgpu/kernels/sampling/sample-row';
import type { CausalModel, FoldedNorms, KeyValueCache } from '../causal-model';
import { seeded } from './sampling';

const BYTES_OF_ID = 4;

export interface DecodingOptions extends Omit<SamplingDistribution, 'temperature'> {
  /** 0: always the most likely token. */
  readonly temperature: number;
  /** Equal seeds draw equal tokens. */
  readonly seed?: number;
  /** Greatest number of tokens to draw. */
  readonly maxNewTokens: number;
}

/**
 * Continues a sequence token by token without waiting for the CPU: the drawn id stays on the GPU as the next step's input. The
 * kernel launches of the first step are recorded and then replayed, one command buffer per token.
 *
 * Call `submitPrompt`, then any number of `submitStep`, and one `read` for each of them; a step submitted before the last id
 * was read keeps the GPU busy meanwhile. The caller disposes.
 */
export class Decoding {
  private readonly cache: KeyValueCache;
  private readonly state: SequenceState;
  private readonly draws: tf.Tensor1D | undefined;
  private readonly freeStaging: GPUBuffer[] = [];
  private readonly reads: Promise<number>[] = [];
  private recording: Recording | undefined;
  private folded: FoldedNorms | undefined;
  private submitted = 0;
  private isDisposed = false;

  /** @param promptLength tokens of the prompt for `submitPrompt` */
  constructor(
    private readonly model: CausalModel,
    promptLength: number,
    private readonly options: DecodingOptions,
  ) {
    const { maxNewTokens, seed, temperature } = options;
    const historyLength = Math.max(1, maxNewTokens);
    this.cache = model.createCache(Math.min(model.config.contextLength, promptLength + historyLength));
    this.state = {
      id: int(0),
      lengths: int(promptLength),
      step: int(0),
      history: uploadTensor(new Int32Array(historyLength), [historyLength]),
    };
    if (temperature > 0) {
      const random = seeded(seed ?? 0);
      this.draws = uploadTensor(Float32Array.from({ length: historyLength }, random), [historyLength]);
    }
  }

  /** Steps that can still be submitted before the cache or the history is full. */
  get stepsLeft(): number {
    return Math.min(
      this.options.maxNewTokens - this.submitted,
      this.cache.capacity - this.cache.length - this.submitted + 1,
    );
  }

  /** Runs the prompt and draws the first token after it. */
  submitPrompt(prompt: Int32Array): void {
    tf.tidy(() => this.draw(this.model.extend(prompt, this.cache)));
    this.submitRead();
  }

  /** Runs the token drawn last and draws the next. */
  submitStep(): void {
    if (this.recording?.isComplete) {
      this.submitRead(this.recording);
      return;
    }
    this.recording?.dispose();
    this.folded ??= this.model.foldNorms();
    this.recording = record(() => this.step()).recording;
    this.submitRead();
  }

  /** Id of the oldest submitted draw not read yet. */
  async read(): Promise<number> {
    const read = this.reads.shift();
    if (!read) throw new Error('No token was submitted that could be read.');
    return read;
  }

  dispose(): void {
    this.isDisposed = true;
    // Errors of pending reads no longer matter.
    for (const read of this.reads) read.catch(() => undefined);
    this.recording?.dispose();
    for (const staging of this.freeStaging) staging.destroy();
    for (const { products } of this.folded?.values() ?? []) products.dispose();
    tf.dispose([...Object.values(this.state), ...(this.draws ? [this.draws] : [])]);
    this.cache.dispose();
  }

  private step(): void {
    tf.tidy(() => this.draw(this.model.extendByOne(this.state, this.cache, this.folded)));
  }

  private draw(logits: tf.Tensor2D): void {
    const { temperature, topK, topP } = this.options;
    const drawn = this.draws
      ? sampleRow(logits, this.draws, this.state.step, { temperature, topK, topP })
      : argmaxRows(logits);
    advanceSequence(drawn, this.state);
  }

  /** Submits the encoded work, or a replay, and the copy of the id that it draws. */
  private submitRead(replay?: Recording): void {
    const { device } = currentGpu();
    const encoder = device.createCommandEncoder();
    replay?.encode(encoder);
    const staging =
      this.freeStaging.pop() ??
      device.createBuffer({ size: BYTES_OF_ID, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
    const offset = this.submitted * BYTES_OF_ID;
    encoder.copyBufferToBuffer(gpuBufferOf(this.state.history), offset, staging, 0, BYTES_OF_ID);
    submitEncoded(encoder);
    this.submitted++;
    this.reads.push(this.readStaging(staging));
  }

  private async readStaging(staging: GPUBuffer): Promise<number> {
    countGpu('readbacks');
    await staging.mapAsync(GPUMapMode.READ);
    const [id] = new Int32Array(staging.getMappedRange());
    staging.unmap();
    if (this.isDisposed) staging.destroy();
    else this.freeStaging.push(staging);
    return id;
  }
}

function int(value: number): tf.Tensor1D {
  return uploadTensor(Int32Array.of(value), [1]);
}

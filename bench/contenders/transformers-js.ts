import {
  AutoModelForCausalLM,
  BaseStreamer,
  type CausalLanguageModel,
  env,
  Tensor,
} from '@huggingface/transformers';
import type { Contender, Decoded } from './contender';

/** The build of onnxruntime-web that transformers.js loads by default from a content delivery network. */
const RUNTIME = '/onnxruntime/ort-wasm-simd-threaded.asyncify';

/** Records the arrival time of each new id. */
class Stopwatch extends BaseStreamer {
  readonly ids: number[] = [];
  first = 0;
  last = 0;
  private promptSeen = false;

  override put([ids]: readonly (readonly bigint[])[]): void {
    if (!this.promptSeen) {
      this.promptSeen = true;
      return;
    }
    this.ids.push(...ids.map(Number));
    this.last = performance.now();
    if (this.ids.length === 1) this.first = this.last;
  }

  override end(): void {}
}

/**
 * `@huggingface/transformers` on onnxruntime's WebGPU backend, with its own defaults: keys and values stay on the GPU.
 * @param name folder of the ONNX files below /onnx/
 */
export function transformersJs(name: string, dtype: 'fp32' | 'q8'): Contender {
  let model: CausalLanguageModel | undefined;

  async function generate(prompt: Int32Array, count: number): Promise<Decoded> {
    const dims = [1, prompt.length];
    const stopwatch = new Stopwatch();
    await model!.generate({
      input_ids: new Tensor('int64', BigInt64Array.from(prompt, BigInt), dims),
      attention_mask: new Tensor('int64', new BigInt64Array(prompt.length).fill(1n), dims),
      max_new_tokens: count,
      do_sample: false,
      // The models generate a fixed number of tokens; no token ends the text.
      eos_token_id: null,
      streamer: stopwatch,
    });
    return { ids: stopwatch.ids, milliseconds: stopwatch.last - stopwatch.first };
  }

  return {
    async load() {
      env.allowRemoteModels = false;
      env.allowLocalModels = true;
      env.localModelPath = '/onnx/';
      env.useBrowserCache = false;
      env.useWasmCache = false;
      env.backends.onnx.wasm.wasmPaths = { mjs: `${RUNTIME}.mjs`, wasm: `${RUNTIME}.wasm` };
      model = await AutoModelForCausalLM.from_pretrained(name, { device: 'webgpu', dtype });
    },
    async prefill(tokens) {
      const { ids } = await generate(tokens, 1);
      return ids[0];
    },
    decode: (prompt, count) => generate(prompt, count + 1),
    async dispose() {
      await model?.dispose();
    },
  };
}

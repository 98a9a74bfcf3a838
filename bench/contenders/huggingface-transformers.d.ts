/**
 * The part of transformers.js that the bench uses. The package is installed in `bench/peers` only when the bench
 * runs, so its own declarations are absent when types are checked.
 */
declare module '@huggingface/transformers' {
  export class Tensor {
    constructor(type: 'int64', data: BigInt64Array, dims: readonly number[]);
    readonly dims: readonly number[];
    readonly data: BigInt64Array;
  }

  export class BaseStreamer {
    /** Called with the prompt's ids and then with each new one, a list for each sequence of the batch. */
    put(ids: readonly (readonly bigint[])[]): void;
    end(): void;
  }

  export interface CausalLanguageModel {
    generate(options: {
      readonly input_ids: Tensor;
      readonly attention_mask: Tensor;
      readonly max_new_tokens: number;
      readonly do_sample: false;
      readonly eos_token_id: null;
      readonly streamer?: BaseStreamer;
    }): Promise<Tensor>;
    dispose(): Promise<unknown>;
  }

  export const AutoModelForCausalLM: {
    from_pretrained(
      name: string,
      options: { readonly device: 'webgpu'; readonly dtype: 'fp32' | 'q8' },
    ): Promise<CausalLanguageModel>;
  };

  export const env: {
    allowRemoteModels: boolean;
    allowLocalModels: boolean;
    localModelPath: string;
    useBrowserCache: boolean;
    useWasmCache: boolean;
    readonly backends: { readonly onnx: { readonly wasm: { wasmPaths: { mjs: string; wasm: string } } } };
  };
}

/** Element types of safetensors files that Lathe reads or writes. */
export type Dtype = 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'U32' | 'I16' | 'U16' | 'I8' | 'U8' | 'BOOL';

/** Tensor in memory: raw little-endian bytes with a name, a dtype and a shape. */
export interface NamedTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Little-endian elements, exactly `product(shape) * bytesPerElement[dtype]` bytes. */
  readonly bytes: Uint8Array;
}

/** Tensor of a file: described by the header, read on request. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /**
   * Reads bytes `start` to `end` of the tensor (default: all).
   * @throws RangeError outside the tensor; CheckpointError if the file cannot be read any more
   */
  readBytes(start?: number, end?: number): Promise<Uint8Array>;
}

/** User's file: its path within the dropped folder (or its bare name) and its bytes, read lazily. */
export interface NamedBlob {
  readonly path: string;
  readonly blob: Blob;
}

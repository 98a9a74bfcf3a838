/** Element types of a safetensors file that Lathe reads or writes. */
export type Dtype = 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'U32' | 'I16' | 'U16' | 'I8' | 'U8' | 'BOOL';

/** A tensor held in memory: its raw little-endian bytes with a name, a dtype and a shape. */
export interface NamedTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Little-endian elements, exactly `product(shape) * bytesPerElement[dtype]` bytes. */
  readonly bytes: Uint8Array;
}

/** A tensor of a file: known by its header, read only when asked for. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /**
   * Reads bytes `start` to `end` of the tensor (default: all of it) from the file.
   * @throws RangeError where they are not bytes of this tensor; CheckpointError where the file cannot be read any more
   */
  readBytes(start?: number, end?: number): Promise<Uint8Array>;
}

/** A file the user gave: its path within the dropped folder (or its bare name) and its bytes, read lazily. */
export interface NamedBlob {
  readonly path: string;
  readonly blob: Blob;
}

import type * as tf from '@tensorflow/tfjs';
import type { Dtype } from '../checkpoint/named-tensor';
import type { Epilogue } from '../engines/webgpu/kernels/wgsl/epilogue';
import type { FoldedNorm } from '../engines/webgpu/kernels/wgsl/folded-norm';
import type { QuantizationGrid, QuantizationScheme } from './quantization';

/**
 * Storage of one weight matrix, with its product and its serialization. The forward pass uses only this interface, so that
 * any format works for any linear or embedding of any architecture.
 *
 * A weight owns its GPU tensors; `clone()` shares them by reference counting, `dispose()` releases one reference.
 */
export interface LinearWeight {
  /** Id in the registry of formats (`weights/weight-formats.ts`). */
  readonly format: string;
  readonly shape: readonly [outputs: number, inputs: number];
  /** Total bytes of the tensors in the exported file, the sum over `stored()`. */
  readonly storedBytes: number;
  /** Bytes on the GPU, including factors, if not `storedBytes`; see `gpuBytesOf`. */
  readonly gpuBytes?: number;
  /** Seconds spent decoding the stored tensors, if they are entropy-coded. */
  readonly decodeSeconds?: number;
  /** Number of stored weight values: elements of factors, nonzeros of a sparse matrix. Scales and indices do not count. */
  readonly parameters: number;

  /**
   * [tokens, in] → [tokens, out] without making the dense matrix. The caller owns the result and `x`.
   * @param epilogue operations on the result, fused if the format can
   */
  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D;
  /**
   * Product with one token that is normalized in the same launch, [1, in] → [1, out]; absent if the format cannot. The width
   * is a multiple of 4.
   */
  matmulOfNormalized?(x: tf.Tensor2D, norm: FoldedNorm, epilogue?: Epilogue): tf.Tensor2D;
  /** Rows of the matrix by int32 index, for embedding lookups: [n] → [n, in]. */
  rows(ids: tf.Tensor1D): tf.Tensor2D;
  /** Dense values, row-major [out, in], computed in float64 and rounded once; the reference of every test. */
  dense(): Promise<Float32Array>;

  /** Tensors written to a file, in order. Bytes are read from the GPU only on request. */
  stored(): readonly StoredTensor[];
  /** Attributes that `load` needs besides the tensors; JSON values only. */
  attributes(): Record<string, unknown>;

  /**
   * Values row-major in one GPU buffer, for kernels that read it directly; owned by the weight and absent for other formats.
   */
  readonly denseValues?: tf.Tensor2D;
  /** Pattern of the stored places, for a weight that is a `SparseStorage`; zeros elsewhere are not stored. */
  readonly pattern?: SparsityPattern;
  /** Inner weight that this one codes losslessly. */
  readonly uncoded?: LinearWeight;
  /** Factors of a product; a method that works on values is applied to each of them. */
  readonly factors?: readonly NamedFactor[];
  /** Whether the matrix is exactly the product of its factors. */
  readonly isProduct?: boolean;
  /** Same format with other factors (same shapes, any format); takes ownership of them unless this fails. */
  withFactors?(factors: readonly LinearWeight[]): LinearWeight | Promise<LinearWeight>;

  clone(): LinearWeight;
  dispose(): void;
}

/** Constraint on the places that a sparse format can store. */
export interface SparsityPattern {
  /**
   * Float32 weight that stores the places of a mask, including zeros.
   * @param values row-major [out, in], 0 outside the mask
   * @param mask 1 for stored places, else 0
   * @throws Error if the pattern does not allow the mask
   */
  store(values: Float32Array, mask: Float32Array, shape: readonly [number, number]): LinearWeight;
}

/** Weight that stores some places of its matrix; quantization and training keep the zeros elsewhere. */
export interface SparseStorage extends LinearWeight {
  readonly pattern: SparsityPattern;
  /** Whether the stored values are codes, with scales in the stored tensor `scales`. */
  readonly storesCodes: boolean;
  /** Mask of the stored places, row-major [out, in]: 1 where a value is stored, else 0. */
  storedPlaces(): Promise<Float32Array>;
  /** Same places with quantized values. */
  quantizeStored(scheme: QuantizationScheme): Promise<LinearWeight>;
  /**
   * Stores other values of the pattern as codes of a given grid; values on the grid are restored exactly.
   * @param values row-major [out, in], 0 where nothing is stored now
   */
  storeOnGrid(values: Float32Array, grid: QuantizationGrid): Promise<LinearWeight>;
}

export function isSparse(weight: LinearWeight): weight is SparseStorage {
  return weight.pattern !== undefined;
}

export interface NamedFactor {
  readonly name: string;
  readonly weight: LinearWeight;
}

/** Tensor of a weight's stored format, named `<module>.<suffix>` in the file. */
export interface StoredTensor {
  readonly suffix: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** Bits per element, if a word holds several. */
  readonly elementBits?: number;
  read(): Promise<Uint8Array>;
  /** The same bytes in pieces, for tensors that may be too large for the JS heap. */
  pieces?(): AsyncIterable<Uint8Array>;
}

/**
 * Makes a weight of a format from these values, as far as the format can represent them.
 * @param values row-major, about standard normal
 * @param shape [out, in], multiples of 8 and at least 16
 */
export type MakeSample = (
  values: Float32Array,
  shape: readonly [number, number],
) => LinearWeight | Promise<LinearWeight>;

/** Format in the registry, which restores weights from a file's tensors. */
export interface WeightFormat {
  readonly id: string;
  /** Title in tables: "int8", "Kronecker". */
  readonly title: string;
  /** Small weights, by name, that together launch all kernels of the format, for checks against the CPU. */
  readonly samples: Readonly<Record<string, MakeSample>>;
  /** Tolerance of a product relative to its norm, if the format rounds more than float32. */
  readonly productTolerance?: number;
  /**
   * @param shape [out, in]
   * @param attributes result of `attributes()`
   * @param read returns the stored tensor of a suffix: raw bytes and shape
   * @throws Error naming what is missing or does not fit
   */
  load(
    shape: readonly [number, number],
    attributes: Record<string, unknown>,
    read: (suffix: string) => Promise<{ bytes: Uint8Array; shape: readonly number[]; dtype: Dtype }>,
  ): Promise<LinearWeight>;
}

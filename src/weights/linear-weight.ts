import type * as tf from '@tensorflow/tfjs';
import type { Dtype } from '../checkpoint/named-tensor';
import type { Epilogue } from '../engines/webgpu/kernels/wgsl/epilogue';
import type { FoldedNorm } from '../engines/webgpu/kernels/wgsl/folded-norm';
import type { QuantizationGrid, QuantizationScheme } from './quantization';

/**
 * How one weight matrix is stored, multiplied and saved. The forward pass knows nothing else of it, so that any format
 * can stand at any linear or embedding of any architecture.
 *
 * A weight owns its GPU tensors; `clone()` shares them and counts references, `dispose()` gives one reference back.
 */
export interface LinearWeight {
  /** Id in the registry of formats (`weights/weight-formats.ts`). */
  readonly format: string;
  readonly shape: readonly [outputs: number, inputs: number];
  /** Bytes of the tensors that the exported file holds: the sum over `stored()`. */
  readonly storedBytes: number;
  /** Bytes on the GPU, where they are not `storedBytes` (with those of its factors): see `gpuBytesOf`. */
  readonly gpuBytes?: number;
  /** Seconds that decoding the stored tensors took, where they are coded. */
  readonly decodeSeconds?: number;
  /** Weight values that are stored: elements of factors, nonzeros of a sparse matrix. Scales and indices do not count. */
  readonly parameters: number;

  /**
   * [tokens, in] → [tokens, out]; never makes the dense matrix. The caller owns the result and `x`.
   * @param epilogue what is done to the result, in the same pass where the format can
   */
  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D;
  /**
   * The product of one token that is still to be normalized, [1, in] → [1, out], in one launch; absent where the format
   * cannot. The width is a multiple of 4.
   */
  matmulOfNormalized?(x: tf.Tensor2D, norm: FoldedNorm, epilogue?: Epilogue): tf.Tensor2D;
  /** Rows of the matrix by int32 index, as an embedding looks them up: [n] → [n, in]. */
  rows(ids: tf.Tensor1D): tf.Tensor2D;
  /** Back to dense, row-major [out, in], computed in float64 and rounded once: the reference of every test. */
  dense(): Promise<Float32Array>;

  /** What is written to a file, in order. Bytes are read from the GPU only when asked for. */
  stored(): readonly StoredTensor[];
  /** What `load` needs besides the tensors; JSON values only. */
  attributes(): Record<string, unknown>;

  /** All values row-major in one GPU buffer, where there is such: the weight's own, for kernels that read it directly. */
  readonly denseValues?: tf.Tensor2D;
  /** Pattern of the places that are stored, where zeros elsewhere are not: the weight is a `SparseStorage`. */
  readonly pattern?: SparsityPattern;
  /** The weight that this one codes without loss; a method of storage codes that one anew. */
  readonly uncoded?: LinearWeight;
  /** For a product of smaller matrices, these: a method that works on values is applied to each. */
  readonly factors?: readonly NamedFactor[];
  /** The factors are all that is stored: the matrix is their product and nothing else. */
  readonly isProduct?: boolean;
  /** The same format with other factors (same shapes, any format); takes ownership of them where it does not fail. */
  withFactors?(factors: readonly LinearWeight[]): LinearWeight | Promise<LinearWeight>;

  clone(): LinearWeight;
  dispose(): void;
}

/** Which places of a matrix a sparse format can store. */
export interface SparsityPattern {
  /**
   * A float32 weight that stores what a mask keeps, zeros among it.
   * @param values row-major [out, in], 0 of what the mask leaves out
   * @param mask 1 of what is kept and else 0
   * @throws Error where the pattern does not allow the mask
   */
  store(values: Float32Array, mask: Float32Array, shape: readonly [number, number]): LinearWeight;
}

/** A weight that stores some places of its matrix; quantization and training keep the zeros elsewhere. */
export interface SparseStorage extends LinearWeight {
  readonly pattern: SparsityPattern;
  /** Whether the stored values are codes, with scales in the stored tensor `scales`. */
  readonly storesCodes: boolean;
  /** Mask of the stored places, row-major [out, in]: 1 where a value is stored, else 0. */
  storedPlaces(): Promise<Float32Array>;
  /** The same places with their values as codes. */
  quantizeStored(scheme: QuantizationScheme): Promise<LinearWeight>;
  /**
   * Other values of the pattern as codes of a grid that was chosen before: a value that the grid holds comes back as it is.
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

/** One tensor of a weight's stored format. The file calls it `<module>.<suffix>`. */
export interface StoredTensor {
  readonly suffix: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** Bits of one element, where a word holds several. */
  readonly elementBits?: number;
  read(): Promise<Uint8Array>;
  /** The same bytes piece by piece, where the tensor may be too large to be whole in the JS heap. */
  pieces?(): AsyncIterable<Uint8Array>;
}

/**
 * Makes a weight of a format, of these values as far as the format can hold them.
 * @param values row-major, about standard normal
 * @param shape [out, in], multiples of 8 and no less than 16
 */
export type MakeSample = (
  values: Float32Array,
  shape: readonly [number, number],
) => LinearWeight | Promise<LinearWeight>;

/** A format in the registry: how a file's tensors become a weight again. */
export interface WeightFormat {
  readonly id: string;
  /** Shown in tables: "int8", "Kronecker". */
  readonly title: string;
  /** Small weights that between them launch the kernels of the format, by what tells them apart: what is held against the CPU. */
  readonly samples: Readonly<Record<string, MakeSample>>;
  /** What a product may be off by, relative to its norm, where the format rounds more than float32 does. */
  readonly productTolerance?: number;
  /**
   * @param shape [out, in]
   * @param attributes what `attributes()` gave
   * @param read the stored tensor of a suffix: its raw bytes and shape
   * @throws Error naming what is missing or does not fit
   */
  load(
    shape: readonly [number, number],
    attributes: Record<string, unknown>,
    read: (suffix: string) => Promise<{ bytes: Uint8Array; shape: readonly number[]; dtype: Dtype }>,
  ): Promise<LinearWeight>;
}

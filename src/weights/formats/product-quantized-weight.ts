import * as tf from '@tensorflow/tfjs';
import { readTensorBytes, uploadTensor } from '../../engines/webgpu/transfer';
import {
  decodedMatmul,
  decodedMatmulOfNormalized,
  decodedRows,
} from '../../engines/webgpu/kernels/products/decoded-matmul';
import type { DecodedMatrix } from '../../engines/webgpu/kernels/products/decoded-matrix';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import type { FoldedNorm } from '../../engines/webgpu/kernels/wgsl/folded-norm';
import { layerNorm } from '../../engines/webgpu/kernels/layers/layer-norm';
import {
  type ProductQuantizedBuffers,
  productQuantizedMatrix,
} from '../../engines/webgpu/kernels/formats/product-quantized-matrix';
import { looksUpTables, tableLookupMatmul } from '../../engines/webgpu/kernels/formats/table-lookup';
import { factorAttributes, type FactorLoader, loadFactors, storedFactors } from '../composite-storage';
import { isPlain } from '../contract-factor';
import type { LinearWeight, NamedFactor, StoredTensor, WeightFormat } from '../linear-weight';
import { packCodes, unpackCodes } from '../quantization';
import { sampleFactor } from '../sample-factor';
import { readWords, storedTensor } from '../stored-words';

type Shape = readonly [outputs: number, inputs: number];

/** Maximum number of codebook entries, addressed by 16-bit indices. */
export const GREATEST_CODEBOOK = 65_536;

/**
 * Product quantization: each block of columns in a row is an entry of one codebook, and only its index is stored. The
 * codebook [entries, block size] is a factor and may itself be quantized.
 */
export class ProductQuantizedWeight implements LinearWeight {
  readonly format = 'product-quantized';
  readonly factors: readonly NamedFactor[];
  private readonly buffers: ProductQuantizedBuffers;
  private readonly matrix: DecodedMatrix;

  private constructor(
    readonly shape: Shape,
    private readonly indices: tf.Tensor,
    private readonly codebook: LinearWeight,
    /** Dense values of the codebook for the kernels; other formats are decoded once. */
    private readonly entries: tf.Tensor,
  ) {
    this.factors = [{ name: 'codebook', weight: codebook }];
    this.buffers = { indices, indexBits: indexBitsOf(codebook.shape[0]), codebook: entries };
    this.matrix = productQuantizedMatrix(this.buffers, shape);
  }

  /**
   * @param indices row-major [out, in / block size]
   * @param codebook [entries, block size]; owned from here on
   * @throws Error if an index has no entry, or the block size does not divide the width
   */
  static fromIndices(
    indices: ArrayLike<number>,
    shape: Shape,
    codebook: LinearWeight,
  ): ProductQuantizedWeight {
    const [outputs] = shape;
    const [entries] = codebook.shape;
    const blocks = blocksInARow(shape, codebook);
    const outside = Array.prototype.findIndex.call(indices, (index: number) => index >= entries);
    if (outside >= 0) throw new Error(`index ${indices[outside]} has no entry among ${entries}`);
    const bits = indexBitsOf(entries);
    const words = wordsInARow(blocks, bits);
    const packed = new Uint32Array(outputs * words);
    for (let row = 0; row < outputs; row++) {
      const ofRow = Array.prototype.slice.call(indices, row * blocks, (row + 1) * blocks) as number[];
      packed.set(packCodes(ofRow, bits), row * words);
    }
    return ProductQuantizedWeight.fromWords(uploadTensor(packed, [outputs, words]), shape, codebook);
  }

  private static fromWords(indices: tf.Tensor, shape: Shape, codebook: LinearWeight): ProductQuantizedWeight {
    return new ProductQuantizedWeight(shape, indices, codebook, entriesOf(codebook));
  }

  get storedBytes(): number {
    return this.stored().reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Number of codebook values; indices do not count. */
  get parameters(): number {
    return this.codebook.parameters;
  }

  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    return this.looksUp(x)
      ? tableLookupMatmul(x, this.buffers, this.shape, epilogue)
      : decodedMatmul(x, this.matrix, epilogue);
  }

  matmulOfNormalized(x: tf.Tensor2D, norm: FoldedNorm, epilogue?: Epilogue): tf.Tensor2D {
    if (!this.looksUp(x)) return decodedMatmulOfNormalized(x, this.matrix, norm, epilogue);
    return tf.tidy(() => this.matmul(layerNorm(x, norm.scale, norm.shift, norm.epsilon), epilogue));
  }

  private looksUp(x: tf.Tensor2D): boolean {
    return looksUpTables(this.buffers, this.shape, x.shape[0]);
  }

  rows(ids: tf.Tensor1D): tf.Tensor2D {
    return decodedRows(ids, this.matrix);
  }

  async dense(): Promise<Float32Array> {
    const [outputs, inputs] = this.shape;
    const [entries, blockSize] = this.codebook.shape;
    const codebook = await this.codebook.dense();
    const words = new Uint32Array(await readTensorBytes(this.indices));
    const bits = indexBitsOf(entries);
    const slots = (words.length / outputs) * (32 / bits);
    const indices = unpackCodes(words, bits, outputs * slots, false);
    const dense = new Float32Array(outputs * inputs);
    for (let row = 0; row < outputs; row++) {
      for (let block = 0; block < inputs / blockSize; block++) {
        const entry = indices[row * slots + block] * blockSize;
        dense.set(codebook.subarray(entry, entry + blockSize), row * inputs + block * blockSize);
      }
    }
    return dense;
  }

  stored(): readonly StoredTensor[] {
    const bits = indexBitsOf(this.codebook.shape[0]);
    return [storedTensor('indices', 'U32', this.indices, bits), ...storedFactors(this.factors)];
  }

  attributes(): Record<string, unknown> {
    return { factors: factorAttributes(this.factors) };
  }

  withFactors([codebook]: readonly LinearWeight[]): ProductQuantizedWeight {
    return ProductQuantizedWeight.fromWords(this.indices.clone(), this.shape, codebook);
  }

  clone(): ProductQuantizedWeight {
    return new ProductQuantizedWeight(
      this.shape,
      this.indices.clone(),
      this.codebook.clone(),
      this.entries.clone(),
    );
  }

  dispose(): void {
    this.indices.dispose();
    this.codebook.dispose();
    this.entries.dispose();
  }
}

/** Fewest index bits, among those that divide a word, for this many entries. */
function indexBitsOf(entries: number): 4 | 8 | 16 {
  if (entries <= 16) return 4;
  return entries <= 256 ? 8 : 16;
}

function blocksInARow([, inputs]: Shape, { shape: [entries, blockSize] }: LinearWeight): number {
  if (inputs % blockSize !== 0)
    throw new Error(`its codebook has entries of ${blockSize} values, which do not divide ${inputs} columns`);
  if (entries > GREATEST_CODEBOOK)
    throw new Error(`its codebook has ${entries} entries, more than ${GREATEST_CODEBOOK}`);
  return inputs / blockSize;
}

function wordsInARow(blocks: number, bits: number): number {
  return Math.ceil((blocks * bits) / 32);
}

function entriesOf(codebook: LinearWeight): tf.Tensor {
  if (isPlain(codebook)) return codebook.denseValues.clone();
  const [entries] = codebook.shape;
  const ids = uploadTensor(
    Int32Array.from({ length: entries }, (_, index) => index),
    [entries],
  );
  const values = tf.keep(codebook.rows(ids));
  ids.dispose();
  return values;
}

/** @param loadWeight loads the codebook by its own format */
export function productQuantizedFormat(loadWeight: FactorLoader): WeightFormat {
  return {
    id: 'product-quantized',
    title: 'Product quantized',
    samples: {
      'product quantized': (values, [rows, columns]) =>
        ProductQuantizedWeight.fromIndices(
          Int32Array.from({ length: (rows * columns) / 4 }, (_, index) => (index * 7) % 16),
          [rows, columns],
          sampleFactor(values, [16, 4]),
        ),
    },
    async load(shape, attributes, read) {
      const [codebook] = await loadFactors(['codebook'], attributes.factors, read, loadWeight);
      try {
        const blocks = blocksInARow(shape, codebook);
        const bits = indexBitsOf(codebook.shape[0]);
        const words = wordsInARow(blocks, bits);
        const packed = await readWords(read, 'indices', shape[0] * words);
        const slots = (32 / bits) * words;
        const indices = unpackCodes(packed, bits, shape[0] * slots, false);
        const used = indices.filter((_, slot) => slot % slots < blocks);
        return ProductQuantizedWeight.fromIndices(used, shape, codebook);
      } catch (error) {
        codebook.dispose();
        throw error;
      }
    },
  };
}

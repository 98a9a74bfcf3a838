import type * as tf from '@tensorflow/tfjs';
import { readTensorBytes, uploadTensor } from '../../engines/webgpu/transfer';
import { blockSparseMatmul, blockSparseRows } from '../../engines/webgpu/kernels/formats/block-sparse-matmul';
import type { BlockSparseMatrix } from '../../engines/webgpu/kernels/formats/block-sparse-matrix';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import {
  blockGrid,
  type BlockIndex,
  blockPlaces,
  checkedIndex,
  indexOfBlocks,
  keptBlocks,
  slotCount,
  storedWeights,
} from '../block-index';
import type { SparseStorage, SparsityPattern, StoredTensor, WeightFormat } from '../linear-weight';
import { maskOfPlaces, PackedValues } from '../packed-values';
import { chooseGrid, type QuantizationGrid, type QuantizationScheme } from '../quantization';
import { readWords, storedTensor, type TensorReader } from '../stored-words';

type Shape = readonly [number, number];

/** Minimum number of slots, since a kernel reads four at a time even for a matrix without blocks. */
const LEAST_SLOTS = 4;

/** Pattern that stores whole blocks of this shape, if any of their weights is kept. */
export function blocksPattern(block: Shape): SparsityPattern {
  return {
    store: (values, mask, shape) =>
      BlockSparseWeight.fromKept(values, shape, block, keptBlocks(mask, shape, block)),
  };
}

/** Block-sparse matrix: the values of the stored blocks and their index. Products take time only for those blocks. */
export class BlockSparseWeight implements SparseStorage {
  readonly format = 'block-sparse';
  readonly pattern: SparsityPattern;
  private readonly matrix: BlockSparseMatrix;

  private constructor(
    readonly shape: Shape,
    /** Rows and columns of a block; blocks at the edges of the matrix may be smaller. */
    readonly block: Shape,
    /** Number of stored weights. */
    readonly parameters: number,
    private readonly values: PackedValues,
    private readonly blockRows: tf.Tensor,
    private readonly blockColumns: tf.Tensor,
  ) {
    this.pattern = blocksPattern(block);
    this.matrix = { shape, block, blockRows, blockColumns, values: values.buffers };
  }

  /**
   * @param values row-major [out, in]
   * @param block rows and columns of a block
   * @param kept whether each block is stored, in row-major order of the grid
   */
  static fromKept(
    values: Float32Array,
    shape: Shape,
    block: Shape,
    kept: readonly boolean[],
  ): BlockSparseWeight {
    const index = indexOfBlocks(shape, block, kept);
    const slots = new Float32Array(Math.max(LEAST_SLOTS, slotCount(index)));
    blockPlaces(
      shape,
      block,
      index,
    )((slot, row, column) => {
      slots[slot] = values[row * shape[1] + column];
    });
    return BlockSparseWeight.fromIndex(shape, block, index, PackedValues.float32(slots, shape));
  }

  private static fromIndex(
    shape: Shape,
    block: Shape,
    index: BlockIndex,
    values: PackedValues,
  ): BlockSparseWeight {
    // GPU buffers cannot be empty.
    const blockColumns = index.blockColumns.length > 0 ? index.blockColumns : new Uint32Array(1);
    return new BlockSparseWeight(
      shape,
      block,
      storedWeights(shape, block, index),
      values,
      uploadTensor(index.blockRows, [index.blockRows.length / 2, 2]),
      uploadTensor(blockColumns, [blockColumns.length]),
    );
  }

  static async load(
    shape: Shape,
    attributes: Record<string, unknown>,
    read: TensorReader,
  ): Promise<BlockSparseWeight> {
    const block = blockShapeOf(attributes.block);
    const [down] = blockGrid(shape, block);
    const blockRows = await readWords(read, 'block_rows', 2 * (down + 1));
    const count = blockRows[2 * down];
    const blockColumns = await readWords(read, 'block_columns', Math.max(1, count));
    const index = checkedIndex(shape, block, blockRows, blockColumns.subarray(0, count));
    const slots = Math.max(LEAST_SLOTS, slotCount(index));
    const values = await PackedValues.load(slots, shape, attributes.values, read);
    return BlockSparseWeight.fromIndex(shape, block, index, values);
  }

  /** Same blocks with quantized values. */
  async quantizeStored(scheme: QuantizationScheme): Promise<BlockSparseWeight> {
    const dense = await this.dense();
    return this.storeOnGrid(dense, chooseGrid(dense, this.shape, scheme));
  }

  /** Same blocks, including those whose values are all zero. */
  async storeOnGrid(dense: Float32Array, grid: QuantizationGrid): Promise<BlockSparseWeight> {
    const index = await this.readIndex();
    const walk = blockPlaces(this.shape, this.block, index);
    const values = PackedValues.quantized(dense, this.shape, { count: this.values.count, walk, grid });
    return BlockSparseWeight.fromIndex(this.shape, this.block, index, values);
  }

  async storedPlaces(): Promise<Float32Array> {
    return maskOfPlaces(blockPlaces(this.shape, this.block, await this.readIndex()), this.shape);
  }

  get storesCodes(): boolean {
    return this.values.areCodes;
  }

  get storedBytes(): number {
    return this.stored().reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    return blockSparseMatmul(x, this.matrix, epilogue);
  }

  rows(ids: tf.Tensor1D): tf.Tensor2D {
    return blockSparseRows(ids, this.matrix);
  }

  async dense(): Promise<Float32Array> {
    return this.values.toMatrix(blockPlaces(this.shape, this.block, await this.readIndex()));
  }

  stored(): readonly StoredTensor[] {
    return [
      ...this.values.stored(),
      storedTensor('block_rows', 'U32', this.blockRows),
      storedTensor('block_columns', 'U32', this.blockColumns),
    ];
  }

  attributes(): Record<string, unknown> {
    return { block: this.block, values: this.values.attributes() };
  }

  clone(): BlockSparseWeight {
    return new BlockSparseWeight(
      this.shape,
      this.block,
      this.parameters,
      this.values.clone(),
      this.blockRows.clone(),
      this.blockColumns.clone(),
    );
  }

  dispose(): void {
    this.values.dispose();
    this.blockRows.dispose();
    this.blockColumns.dispose();
  }

  private async readIndex(): Promise<BlockIndex> {
    const blockRows = new Uint32Array(await readTensorBytes(this.blockRows));
    const blockColumns = new Uint32Array(await readTensorBytes(this.blockColumns));
    return { blockRows, blockColumns: blockColumns.subarray(0, blockRows[blockRows.length - 2]) };
  }
}

function blockShapeOf(described: unknown): Shape {
  const isShape =
    Array.isArray(described) &&
    described.length === 2 &&
    described.every((size) => Number.isInteger(size) && size > 0);
  if (!isShape)
    throw new Error(`its blocks are ${JSON.stringify(described)} where [rows, columns] was expected`);
  return [described[0], described[1]];
}

export const blockSparseFormat: WeightFormat = {
  id: 'block-sparse',
  title: 'Block sparse',
  samples: {
    'block sparse': (values, [rows, columns]) => {
      const kept = Array.from({ length: (rows / 8) * (columns / 8) }, (_, index) => index % 2 === 0);
      return BlockSparseWeight.fromKept(values, [rows, columns], [8, 8], kept);
    },
  },
  load: BlockSparseWeight.load,
};

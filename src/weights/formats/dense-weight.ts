import * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../engines/webgpu/device';
import { emptyTensor, readFloats, tensorPieces, writeElements } from '../../engines/webgpu/transfer';
import { denseMatmul, denseMatmulOfNormalized } from '../../engines/webgpu/kernels/products/dense-matmul';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import type { FoldedNorm } from '../../engines/webgpu/kernels/wgsl/folded-norm';
import { layerNorm } from '../../engines/webgpu/kernels/layers/layer-norm';
import { denseRows, type RowBlock } from '../../engines/webgpu/kernels/products/dense-rows';
import type { LinearWeight, StoredTensor, WeightFormat } from '../linear-weight';
import { requireLength } from '../stored-words';

const BYTES_PER_VALUE = 4;

/** Dense float32 matrix. If it exceeds one storage binding of the device, blocks of rows are held in separate buffers. */
export class DenseWeight implements LinearWeight {
  readonly format = 'dense';
  readonly storedBytes: number;
  readonly parameters: number;

  private constructor(
    readonly shape: readonly [number, number],
    private readonly blocks: readonly RowBlock[],
  ) {
    this.parameters = shape[0] * shape[1];
    this.storedBytes = this.parameters * BYTES_PER_VALUE;
  }

  /** Allocates an uninitialised matrix, to be filled by `writeRows`. */
  static allocate(shape: readonly [number, number]): DenseWeight {
    const [rows, width] = shape;
    const limit = currentGpu().description.maxBindingBytes;
    const rowsPerBlock = Math.max(1, Math.floor(limit / (width * BYTES_PER_VALUE)));
    const blocks: RowBlock[] = [];
    for (let firstRow = 0; firstRow < rows; firstRow += rowsPerBlock) {
      const count = Math.min(rowsPerBlock, rows - firstRow);
      blocks.push({ values: emptyTensor([count, width]), firstRow, rows: count });
    }
    return new DenseWeight(shape, blocks);
  }

  /** @param values row-major [out, in] */
  static fromValues(values: Float32Array, shape: readonly [number, number]): DenseWeight {
    if (values.length !== shape[0] * shape[1]) {
      throw new Error(`${values.length} values do not make a matrix of ${shape[0]}×${shape[1]}.`);
    }
    const weight = DenseWeight.allocate(shape);
    weight.writeRows(0, values);
    return weight;
  }

  /**
   * Writes whole rows starting at `firstRow`, so that a large matrix can be filled piece by piece.
   * @throws Error if the values are not whole rows or reach past the last row
   */
  writeRows(firstRow: number, values: Float32Array): void {
    const [rowCount, width] = this.shape;
    const endRow = firstRow + values.length / width;
    if (!Number.isInteger(endRow) || endRow > rowCount) {
      throw new Error(
        `${values.length} values from row ${firstRow} on do not fit a matrix of ${rowCount}×${width}.`,
      );
    }
    for (const block of this.blocks) {
      const from = Math.max(firstRow, block.firstRow);
      const to = Math.min(endRow, block.firstRow + block.rows);
      if (from >= to) continue;
      const piece = values.subarray((from - firstRow) * width, (to - firstRow) * width);
      writeElements(block.values, (from - block.firstRow) * width, piece);
    }
  }

  /** Absent if the matrix does not fit in one buffer. */
  get denseValues(): tf.Tensor2D | undefined {
    return this.blocks.length === 1 ? (this.blocks[0].values as tf.Tensor2D) : undefined;
  }

  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    const [outputs] = this.shape;
    if (this.blocks.length === 1) return denseMatmul(x, this.blocks[0].values, outputs, epilogue);
    const output = emptyTensor([x.shape[0], outputs]);
    for (const { values, firstRow, rows } of this.blocks)
      denseMatmul(x, values, rows, epilogue, { output, offset: firstRow });
    return output;
  }

  matmulOfNormalized(x: tf.Tensor2D, norm: FoldedNorm, epilogue?: Epilogue): tf.Tensor2D {
    if (this.denseValues) return denseMatmulOfNormalized(x, this.denseValues, this.shape[0], norm, epilogue);
    return tf.tidy(() => this.matmul(layerNorm(x, norm.scale, norm.shift, norm.epsilon), epilogue));
  }

  rows(ids: tf.Tensor1D): tf.Tensor2D {
    return denseRows(ids, this.blocks, this.shape[1]);
  }

  async dense(): Promise<Float32Array> {
    const values = new Float32Array(this.parameters);
    for (const block of this.blocks) {
      values.set(await readFloats(block.values), block.firstRow * this.shape[1]);
    }
    return values;
  }

  stored(): readonly StoredTensor[] {
    return [
      {
        suffix: 'weight',
        dtype: 'F32',
        shape: this.shape,
        byteLength: this.storedBytes,
        read: async () => new Uint8Array((await this.dense()).buffer),
        pieces: () => this.pieces(),
      },
    ];
  }

  attributes(): Record<string, unknown> {
    return {};
  }

  private async *pieces(): AsyncGenerator<Uint8Array> {
    for (const { values } of this.blocks) yield* tensorPieces(values);
  }

  clone(): DenseWeight {
    return new DenseWeight(
      this.shape,
      this.blocks.map((block) => ({ ...block, values: block.values.clone() })),
    );
  }

  dispose(): void {
    for (const { values } of this.blocks) values.dispose();
  }
}

export const denseFormat: WeightFormat = {
  id: 'dense',
  title: 'Dense float32',
  samples: { dense: DenseWeight.fromValues },
  async load(shape, _attributes, read) {
    const { bytes } = await read('weight');
    requireLength('weight', bytes.length, shape[0] * shape[1] * BYTES_PER_VALUE);
    return DenseWeight.fromValues(new Float32Array(bytes.slice().buffer), shape);
  },
};

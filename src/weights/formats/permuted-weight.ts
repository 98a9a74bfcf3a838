import * as tf from '@tensorflow/tfjs';
import { readTensorBytes, uploadTensor } from '../../engines/webgpu/transfer';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import {
  gatherPermuted,
  packPermutation,
  type Permutation,
  permutationWords,
  permuteIds,
  scatterPermuted,
  unpackPermutation,
} from '../../engines/webgpu/kernels/formats/permute';
import {
  factorAttributes,
  type FactorLoader,
  loadFactors,
  storedFactors,
  totalOfFactors,
} from '../composite-storage';
import type { LinearWeight, NamedFactor, StoredTensor, WeightFormat } from '../linear-weight';
import { sampleFactor } from '../sample-factor';
import { readWords, storedTensor, type TensorReader } from '../stored-words';

/** Permutations of rows and columns; absent: the identity. */
interface Permutations {
  /** Row of the inner matrix for each row of W. */
  readonly rowPositions?: Permutation;
  /** Column of W for each column of the inner matrix. */
  readonly columnOrder?: Permutation;
}

/**
 * W[r, columnOrder[j]] = inner[rowPositions[r], j]: a matrix of any format with rows and columns in another order than W's.
 * Each permutation is applied as a gather: the columns to x, the rows to the product.
 */
export class PermutedWeight implements LinearWeight {
  readonly format = 'permuted';
  readonly shape: readonly [number, number];
  readonly factors: readonly NamedFactor[];

  private constructor(
    private readonly inner: LinearWeight,
    private readonly permutations: Permutations,
  ) {
    this.shape = inner.shape;
    this.factors = [{ name: 'inner', weight: inner }];
  }

  /**
   * W[rowOrder[i], columnOrder[j]] = inner[i, j].
   * @param inner owned from here on
   * @param rowOrder [out], columnOrder [in]: permutations; absent: the identity
   */
  static fromOrders(
    inner: LinearWeight,
    rowOrder: Uint32Array | undefined,
    columnOrder: Uint32Array | undefined,
  ): PermutedWeight {
    return new PermutedWeight(inner, {
      rowPositions: rowOrder && upload(inverse(rowOrder)),
      columnOrder: columnOrder && upload(columnOrder),
    });
  }

  /** @throws Error if a table is not a permutation */
  static async load(inner: LinearWeight, read: TensorReader, permutes: unknown): Promise<PermutedWeight> {
    const isAxis = (axis: unknown) => axis === 'rows' || axis === 'columns';
    if (!Array.isArray(permutes) || !permutes.every(isAxis))
      throw new Error(`it permutes ${JSON.stringify(permutes)} where "rows" and "columns" were expected`);
    const entries = async (axis: 'rows' | 'columns', suffix: string, length: number) =>
      permutes.includes(axis) ? readPermutation(read, suffix, length) : undefined;
    const rows = await entries('rows', 'row_positions', inner.shape[0]);
    const columns = await entries('columns', 'column_order', inner.shape[1]);
    return new PermutedWeight(inner, {
      rowPositions: rows && upload(rows),
      columnOrder: columns && upload(columns),
    });
  }

  get storedBytes(): number {
    return this.stored().reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  get parameters(): number {
    return totalOfFactors(this.factors).parameters;
  }

  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    const { rowPositions, columnOrder } = this.permutations;
    return tf.tidy(() => {
      const ordered = columnOrder ? gatherPermuted(x, columnOrder) : x;
      if (!rowPositions) return this.inner.matmul(ordered, epilogue);
      return gatherPermuted(this.inner.matmul(ordered), rowPositions, epilogue);
    });
  }

  rows(ids: tf.Tensor1D): tf.Tensor2D {
    const { rowPositions, columnOrder } = this.permutations;
    return tf.tidy(() => {
      const found = this.inner.rows(rowPositions ? permuteIds(ids, rowPositions) : ids);
      return columnOrder ? scatterPermuted(found, columnOrder) : found;
    });
  }

  async dense(): Promise<Float32Array> {
    const [rows, columns] = this.shape;
    const inner = await this.inner.dense();
    const rowPositions = await entriesOf(this.permutations.rowPositions);
    const columnOrder = await entriesOf(this.permutations.columnOrder);
    const dense = new Float32Array(inner.length);
    for (let row = 0; row < rows; row++) {
      const source = (rowPositions?.[row] ?? row) * columns;
      for (let column = 0; column < columns; column++)
        dense[row * columns + (columnOrder?.[column] ?? column)] = inner[source + column];
    }
    return dense;
  }

  stored(): readonly StoredTensor[] {
    const { rowPositions, columnOrder } = this.permutations;
    return [
      ...(rowPositions ? [storedTensor('row_positions', 'U32', rowPositions.words)] : []),
      ...(columnOrder ? [storedTensor('column_order', 'U32', columnOrder.words)] : []),
      ...storedFactors(this.factors),
    ];
  }

  attributes(): Record<string, unknown> {
    const { rowPositions, columnOrder } = this.permutations;
    const permutes = [...(rowPositions ? ['rows'] : []), ...(columnOrder ? ['columns'] : [])];
    return { permutes, factors: factorAttributes(this.factors) };
  }

  withFactors([inner]: readonly LinearWeight[]): PermutedWeight {
    const { rowPositions, columnOrder } = this.permutations;
    const shared = (permutation?: Permutation) =>
      permutation && { ...permutation, words: permutation.words.clone() };
    return new PermutedWeight(inner, {
      rowPositions: shared(rowPositions),
      columnOrder: shared(columnOrder),
    });
  }

  clone(): PermutedWeight {
    return this.withFactors([this.inner.clone()]);
  }

  dispose(): void {
    this.permutations.rowPositions?.words.dispose();
    this.permutations.columnOrder?.words.dispose();
    this.inner.dispose();
  }
}

/** @param loadWeight loads the inner matrix by its own format */
export function permutedFormat(loadWeight: FactorLoader): WeightFormat {
  return {
    id: 'permuted',
    title: 'Permuted',
    samples: {
      permuted: (values, [rows, columns]) =>
        PermutedWeight.fromOrders(
          sampleFactor(values, [rows, columns]),
          Uint32Array.from({ length: rows }, (_, row) => rows - 1 - row),
          Uint32Array.from({ length: columns }, (_, column) => columns - 1 - column),
        ),
    },
    async load(shape, attributes, read) {
      const [inner] = await loadFactors(['inner'], attributes.factors, read, loadWeight);
      try {
        if (inner.shape[0] !== shape[0] || inner.shape[1] !== shape[1])
          throw new Error(`what it permutes is ${inner.shape.join('×')}, not ${shape.join('×')}`);
        return await PermutedWeight.load(inner, read, attributes.permutes);
      } catch (error) {
        inner.dispose();
        throw error;
      }
    },
  };
}

function upload(entries: Uint32Array): Permutation {
  const words = packPermutation(entries);
  return { length: entries.length, words: uploadTensor(words, [words.length]) };
}

async function entriesOf(permutation: Permutation | undefined): Promise<Uint32Array | undefined> {
  if (!permutation) return undefined;
  const words = new Uint32Array(await readTensorBytes(permutation.words));
  return unpackPermutation(words, permutation.length);
}

async function readPermutation(read: TensorReader, suffix: string, length: number): Promise<Uint32Array> {
  const entries = unpackPermutation(await readWords(read, suffix, permutationWords(length)), length);
  const seen = new Uint8Array(length);
  for (const entry of entries) {
    if (entry >= length || seen[entry]++)
      throw new Error(`its tensor ${suffix} is no permutation of ${length} numbers`);
  }
  return entries;
}

function inverse(order: Uint32Array): Uint32Array {
  const positions = new Uint32Array(order.length);
  order.forEach((source, position) => (positions[source] = position));
  return positions;
}

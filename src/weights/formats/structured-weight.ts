import * as tf from '@tensorflow/tfjs';
import { readTensorBytes, uploadTensor } from '../../engines/webgpu/transfer';
import { applyEpilogue } from '../../engines/webgpu/kernels/products/bias-activation';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import { findSorted } from '../../engines/webgpu/kernels/formats/find-sorted';
import { gatherColumns, scatterColumns } from '../../engines/webgpu/kernels/formats/select-columns';
import {
  factorAttributes,
  type FactorLoader,
  loadFactors,
  storedFactors,
  totalOfFactors,
} from '../composite-storage';
import type { LinearWeight, NamedFactor, StoredTensor, WeightFormat } from '../linear-weight';
import { sampleFactor } from '../sample-factor';
import { readWords, storedTensor } from '../stored-words';

/** Pruned dimension: output rows or input columns. */
export type Axis = 'rows' | 'columns';

/**
 * Matrix without some rows or columns: a smaller matrix of any format and the indices of the rows or columns that it holds.
 */
export class StructuredWeight implements LinearWeight {
  readonly format = 'structured';
  readonly factors: readonly NamedFactor[];

  private constructor(
    private readonly axis: Axis,
    readonly shape: readonly [number, number],
    private readonly kept: tf.Tensor,
    private readonly inner: LinearWeight,
  ) {
    this.factors = [{ name: 'kept', weight: inner }];
  }

  /**
   * @param kept ascending indices, at least one, of the rows (columns) of a matrix of `shape` in `inner`
   * @param inner [kept.length, in] or [out, kept.length]; owned from here on
   */
  static fromKept(
    axis: Axis,
    kept: Uint32Array,
    shape: readonly [number, number],
    inner: LinearWeight,
  ): StructuredWeight {
    return new StructuredWeight(axis, shape, uploadTensor(kept, [kept.length]), inner);
  }

  get storedBytes(): number {
    return totalOfFactors(this.factors).storedBytes + this.kept.size * 4;
  }

  get parameters(): number {
    return this.inner.parameters;
  }

  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    if (this.axis === 'columns')
      return tf.tidy(() => this.inner.matmul(gatherColumns(x, this.kept), epilogue));
    // Bias and residual apply to removed rows, too.
    const multiply = () => tf.tidy(() => scatterColumns(this.inner.matmul(x), this.kept, this.shape[0]));
    return applyEpilogue(multiply, epilogue);
  }

  rows(ids: tf.Tensor1D): tf.Tensor2D {
    return tf.tidy(() => {
      if (this.axis === 'columns') return scatterColumns(this.inner.rows(ids), this.kept, this.shape[1]);
      // A removed row is looked up as the first row and then set to zero.
      const { positions, present } = findSorted(ids, this.kept);
      return this.inner.rows(positions).mul(present);
    });
  }

  async dense(): Promise<Float32Array> {
    const [rows, width] = this.shape;
    const kept = new Uint32Array(await readTensorBytes(this.kept));
    const inner = await this.inner.dense();
    const dense = new Float32Array(rows * width);
    const innerWidth = this.inner.shape[1];
    inner.forEach((value, index) => {
      const [row, column] = [Math.floor(index / innerWidth), index % innerWidth];
      dense[this.axis === 'rows' ? kept[row] * width + column : row * width + kept[column]] = value;
    });
    return dense;
  }

  stored(): readonly StoredTensor[] {
    return [storedTensor('kept_indices', 'U32', this.kept), ...storedFactors(this.factors)];
  }

  attributes(): Record<string, unknown> {
    return { axis: this.axis, factors: factorAttributes(this.factors) };
  }

  withFactors([inner]: readonly LinearWeight[]): StructuredWeight {
    return new StructuredWeight(this.axis, this.shape, this.kept.clone(), inner);
  }

  clone(): StructuredWeight {
    return new StructuredWeight(this.axis, this.shape, this.kept.clone(), this.inner.clone());
  }

  dispose(): void {
    this.kept.dispose();
    this.inner.dispose();
  }
}

/** @param loadWeight loads the smaller matrix by its own format */
export function structuredFormat(loadWeight: FactorLoader): WeightFormat {
  return {
    id: 'structured',
    title: 'Rows or columns removed',
    samples: {
      'columns removed': (values, [rows, columns]) =>
        StructuredWeight.fromKept(
          'columns',
          Uint32Array.from({ length: columns / 2 }, (_, column) => 2 * column),
          [rows, columns],
          sampleFactor(values, [rows, columns / 2]),
        ),
      'rows removed': (values, [rows, columns]) =>
        StructuredWeight.fromKept(
          'rows',
          Uint32Array.from({ length: rows / 2 }, (_, row) => 2 * row),
          [rows, columns],
          sampleFactor(values, [rows / 2, columns]),
        ),
    },
    async load(shape, attributes, read) {
      const { axis } = attributes;
      if (axis !== 'rows' && axis !== 'columns')
        throw new Error(`its axis is ${JSON.stringify(axis)} where "rows" or "columns" was expected`);
      const [inner] = await loadFactors(['kept'], attributes.factors, read, loadWeight);
      try {
        const along = axis === 'rows' ? 0 : 1;
        if (inner.shape[1 - along] !== shape[1 - along])
          throw new Error(`what it keeps is ${inner.shape.join('×')} of ${shape.join('×')}`);
        const kept = await readWords(read, 'kept_indices', inner.shape[along]);
        requireAscending(kept, shape[along]);
        return StructuredWeight.fromKept(axis, kept, shape, inner);
      } catch (error) {
        inner.dispose();
        throw error;
      }
    },
  };
}

function requireAscending(kept: Uint32Array, length: number): void {
  if (kept.some((value, index) => value >= length || (index > 0 && value <= kept[index - 1])))
    throw new Error(`its tensor kept_indices is not an ascending list of numbers below ${length}`);
}

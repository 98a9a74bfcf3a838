import * as tf from '@tensorflow/tfjs';
import { batchedProduct } from '../../engines/webgpu/kernels/products/batched-product';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import type { KroneckerSum } from '../../linalg/nearest-kronecker-product';
import { indexDigits } from '../../engines/webgpu/kernels/contraction/index-digits';
import { type FactorLoader, loadFactors } from '../composite-storage';
import { contractionTime } from '../../engines/webgpu/kernels/contraction/tensor-contraction';
import { contractFactor, contractsFaster, isPlain } from '../contract-factor';
import { kroneckerCost } from '../contraction-cost';
import { DenseWeight } from './dense-weight';
import { FactorizedWeight } from './factorized-weight';
import type { LinearWeight, WeightFormat } from '../linear-weight';
import { loadedProduct } from '../loaded-product';
import { type KroneckerOrder, kroneckerSteps } from '../kronecker-steps';
import { sampleFactor } from '../sample-factor';
import { inTokenChunks } from '../token-chunks';

/**
 * W ≈ Σ_k A_k ⊗ B_k, applied as two products with x viewed as [aColumns, bColumns]. The A_k are stored side by side as one
 * matrix [aRows, terms·aColumns], the B_k one below the other as [terms·bRows, bColumns].
 */
export class KroneckerWeight extends FactorizedWeight {
  readonly format = 'kronecker';
  readonly shape: readonly [number, number];
  readonly aRows: number;
  readonly aColumns: number;
  readonly bRows: number;
  readonly bColumns: number;
  /** Fastest order by number of tokens. */
  private readonly orders = new Map<number, KroneckerOrder>();

  /** @param a [aRows, terms·aColumns]; @param b [terms·bRows, bColumns]; both owned from here on */
  constructor(
    private readonly a: LinearWeight,
    private readonly b: LinearWeight,
    readonly terms: number,
  ) {
    super([
      { name: 'a', weight: a },
      { name: 'b', weight: b },
    ]);
    this.aRows = a.shape[0];
    this.aColumns = a.shape[1] / terms;
    this.bRows = b.shape[0] / terms;
    this.bColumns = b.shape[1];
    if (![terms, this.aColumns, this.bRows].every((size) => Number.isInteger(size) && size >= 1)) {
      throw new Error(`Factors of ${a.shape.join('×')} and ${b.shape.join('×')} do not hold ${terms} terms.`);
    }
    this.shape = [this.aRows * this.bRows, this.aColumns * this.bColumns];
  }

  /** Uploads a sum from `nearestKroneckerProduct` for a matrix of `shape`. */
  static fromSum(
    { a, b }: KroneckerSum,
    shape: readonly [number, number],
    [aRows, aColumns]: readonly [number, number],
    terms: number,
  ): KroneckerWeight {
    const [bRows, bColumns] = [shape[0] / aRows, shape[1] / aColumns];
    // The A_k side by side: [aRows, terms, aColumns] instead of [terms, aRows, aColumns].
    const besides = new Float32Array(a.length);
    for (let k = 0; k < terms; k++) {
      for (let row = 0; row < aRows; row++) {
        const start = (k * aRows + row) * aColumns;
        besides.set(a.subarray(start, start + aColumns), (row * terms + k) * aColumns);
      }
    }
    return new KroneckerWeight(
      DenseWeight.fromValues(besides, [aRows, terms * aColumns]),
      DenseWeight.fromValues(Float32Array.from(b), [terms * bRows, bColumns]),
      terms,
    );
  }

  /** Applies the fastest order; A can go first only if both factors are plain, because its terms are side by side. */
  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    const order = this.orderFor(x.shape[0]);
    const { elements } = kroneckerCost(this, order === 'a' ? 'a' : 'b');
    const needs = { elements, rows: order === 'bRows' ? Math.max(this.aColumns, this.bRows) : 1 };
    return inTokenChunks(x, this.shape[0], needs, epilogue, (...part) => this.apply(order, ...part));
  }

  private orderFor(tokens: number): KroneckerOrder {
    if (!isPlain(this.a) || !isPlain(this.b)) return 'bRows';
    let order = this.orders.get(tokens);
    if (!order) this.orders.set(tokens, (order = this.fastestOrder(tokens)));
    return order;
  }

  private fastestOrder(tokens: number): KroneckerOrder {
    const b = contractsFaster(this.b, tokens * this.aColumns) ? 'b' : 'bRows';
    const [aFirst, bFirst] = (['a', b] as const).map((order) => {
      const [first, second] = kroneckerSteps(this, order, tokens);
      return contractionTime(first) + contractionTime(second);
    });
    return aFirst < bFirst ? 'a' : b;
  }

  private apply(order: KroneckerOrder, x: tf.Tensor2D, epilogue: Epilogue | undefined): tf.Tensor2D {
    const [tokens] = x.shape;
    const [first, second] = kroneckerSteps(this, order, tokens);
    if (order === 'a') return contractFactor(this.b, contractFactor(this.a, x, first), second, epilogue);
    const z =
      order === 'b'
        ? contractFactor(this.b, x, first)
        : this.b.matmul(x.reshape([tokens * this.aColumns, this.bColumns]));
    return contractFactor(this.a, z, second, epilogue);
  }

  /** Row (i, p) is Σ_k A_k[i, :] ⊗ B_k[p, :]. */
  rows(ids: tf.Tensor1D): tf.Tensor2D {
    const { aRows, aColumns, bRows, bColumns, terms } = this;
    return tf.tidy(() => {
      const aFound = this.a.rows(indexDigits(ids, { below: bRows, size: aRows })); // [n, terms·aColumns]
      const bIds = indexDigits(ids, { below: 1, size: bRows, count: terms, step: bRows });
      const bFound = this.b.rows(bIds); // [n·terms, bColumns]
      return batchedProduct(aFound, bFound, {
        batch: ids.size,
        rows: aColumns,
        terms,
        columns: { outer: 1, inner: bColumns },
        left: { batch: terms * aColumns, row: 1, term: aColumns },
        right: { batch: terms * bColumns, term: bColumns, outer: 0, inner: 1 },
      });
    });
  }

  async dense(): Promise<Float32Array> {
    const { aRows, aColumns, bRows, bColumns, terms } = this;
    const [a, b] = [await this.a.dense(), await this.b.dense()];
    const [outputs, inputs] = this.shape;
    const sums = new Float64Array(outputs * inputs);
    for (let k = 0; k < terms; k++) {
      for (let i = 0; i < aRows; i++) {
        for (let j = 0; j < aColumns; j++) {
          const factor = a[i * terms * aColumns + k * aColumns + j];
          for (let p = 0; p < bRows; p++) {
            const target = (i * bRows + p) * inputs + j * bColumns;
            const source = (k * bRows + p) * bColumns;
            for (let q = 0; q < bColumns; q++) sums[target + q] += factor * b[source + q];
          }
        }
      }
    }
    return Float32Array.from(sums);
  }

  protected ownAttributes(): Record<string, unknown> {
    return { terms: this.terms };
  }

  withFactors([a, b]: readonly LinearWeight[]): KroneckerWeight {
    return new KroneckerWeight(a, b, this.terms);
  }
}

/** @param loadWeight loads the factors by their own formats */
export function kroneckerFormat(loadWeight: FactorLoader): WeightFormat {
  return {
    id: 'kronecker',
    title: 'Kronecker',
    samples: {
      Kronecker: (values, [rows, columns]) =>
        new KroneckerWeight(
          sampleFactor(values, [rows / 2, columns]),
          sampleFactor(values, [4, 2], (rows / 2) * columns),
          2,
        ),
    },
    async load(shape, attributes, read) {
      const factors = await loadFactors(['a', 'b'], attributes.factors, read, loadWeight);
      const terms = Number(attributes.terms);
      return loadedProduct(factors, shape, () => new KroneckerWeight(factors[0], factors[1], terms));
    },
  };
}

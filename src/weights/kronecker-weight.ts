import * as tf from '@tensorflow/tfjs';
import {
  factorAttributes,
  type FactorLoader,
  loadFactors,
  storedFactors,
  totalOfFactors,
} from './composite-storage';
import { contractFactor, isPlain } from './contract-factor';
import { kroneckerCost } from './contraction-cost';
import { indexDigit } from './index-digit';
import type { LinearWeight, NamedFactor, StoredTensor, WeightForm } from './linear-weight';
import { loadedProduct } from './loaded-product';
import { inTokenChunks } from './token-chunks';

/**
 * W ≈ Σ_k A_k ⊗ B_k, applied as two products over x seen as [aColumns, bColumns]. The A_k stand side by side in one matrix
 * [aRows, terms·aColumns], the B_k one under the other in [terms·bRows, bColumns].
 */
export class KroneckerWeight implements LinearWeight {
  readonly form = 'kronecker';
  readonly factors: readonly NamedFactor[];
  readonly shape: readonly [number, number];
  readonly aRows: number;
  readonly aColumns: number;
  readonly bRows: number;
  readonly bColumns: number;

  /** @param a [aRows, terms·aColumns]; @param b [terms·bRows, bColumns]; both owned from here on */
  constructor(
    private readonly a: LinearWeight,
    private readonly b: LinearWeight,
    readonly terms: number,
  ) {
    this.aRows = a.shape[0];
    this.aColumns = a.shape[1] / terms;
    this.bRows = b.shape[0] / terms;
    this.bColumns = b.shape[1];
    if (![terms, this.aColumns, this.bRows].every((size) => Number.isInteger(size) && size >= 1)) {
      throw new Error(`Factors of ${a.shape.join('×')} and ${b.shape.join('×')} do not hold ${terms} terms.`);
    }
    this.shape = [this.aRows * this.bRows, this.aColumns * this.bColumns];
    this.factors = [
      { name: 'a', weight: a },
      { name: 'b', weight: b },
    ];
  }

  get storedBytes(): number {
    return totalOfFactors(this.factors).storedBytes;
  }

  get parameters(): number {
    return totalOfFactors(this.factors).parameters;
  }

  /** The cheaper order of the two; A can go first only where both factors are plain (its terms stand side by side). */
  matmul(x: tf.Tensor2D): tf.Tensor2D {
    const [aFirst, bFirst] = [kroneckerCost(this, 'a'), kroneckerCost(this, 'b')];
    if (isPlain(this.a) && isPlain(this.b) && aFirst.multiplications < bFirst.multiplications) {
      return inTokenChunks(x, { elements: aFirst.elements, rows: 1 }, (part) => this.applyAFirst(part));
    }
    const needs = { elements: bFirst.elements, rows: Math.max(this.aColumns, this.bRows) };
    return inTokenChunks(x, needs, (part) => this.applyBFirst(part));
  }

  /** Z[t, j, (k, p)] = Σ_q x[t, j, q]·B_k[p, q], then y[t, i, p] = Σ_(k, j) A_k[i, j]·Z[t, j, k, p]. */
  private applyBFirst(x: tf.Tensor2D): tf.Tensor2D {
    const { aRows, aColumns, bRows, bColumns, terms } = this;
    const tokens = x.shape[0];
    const z = this.b.matmul(x.reshape([tokens * aColumns, bColumns]) as tf.Tensor2D); // [tokens·aColumns, terms·bRows]
    return contractFactor(this.a, z, {
      groups: tokens,
      rows: aRows,
      columns: bRows,
      terms: { outer: terms, inner: aColumns },
      rowInner: aRows,
      factorRow: { outer: 0, inner: terms * aColumns },
      factorTerm: { outer: aColumns, inner: 1 },
      x: { group: aColumns * terms * bRows, term: { outer: bRows, inner: terms * bRows }, column: 1 },
      y: { group: aRows * bRows, row: bRows, column: 1 },
      outputShape: [tokens, aRows * bRows],
    });
  }

  /** U[t, (k, i), q] = Σ_j A_k[i, j]·x[t, j, q], then y[t, i, p] = Σ_(k, q) B_k[p, q]·U[t, k, i, q]. */
  private applyAFirst(x: tf.Tensor2D): tf.Tensor2D {
    const { aRows, aColumns, bRows, bColumns, terms } = this;
    const tokens = x.shape[0];
    const u = contractFactor(this.a, x, {
      groups: tokens,
      rows: terms * aRows,
      columns: bColumns,
      terms: { outer: 1, inner: aColumns },
      rowInner: aRows,
      factorRow: { outer: aColumns, inner: terms * aColumns },
      factorTerm: { outer: 0, inner: 1 },
      x: { group: aColumns * bColumns, term: { outer: 0, inner: bColumns }, column: 1 },
      y: { group: terms * aRows * bColumns, row: bColumns, column: 1 },
      outputShape: [tokens, terms * aRows * bColumns],
    });
    return contractFactor(this.b, u, {
      groups: tokens,
      rows: bRows,
      columns: aRows,
      terms: { outer: terms, inner: bColumns },
      rowInner: bRows,
      factorRow: { outer: 0, inner: bColumns },
      factorTerm: { outer: bRows * bColumns, inner: 1 },
      x: { group: terms * aRows * bColumns, term: { outer: aRows * bColumns, inner: 1 }, column: bColumns },
      y: { group: aRows * bRows, row: 1, column: bRows },
      outputShape: [tokens, aRows * bRows],
    });
  }

  /** Row (i, p) is Σ_k A_k[i, :] ⊗ B_k[p, :]. */
  rows(ids: tf.Tensor1D): tf.Tensor2D {
    const { aColumns, bRows, bColumns, terms } = this;
    return tf.tidy(() => {
      const aRows = this.a.rows(indexDigit(ids, bRows)).reshape([-1, terms, aColumns]);
      const within = indexDigit(ids, 1, bRows).reshape([-1, 1]);
      const bIds = within.add(tf.range(0, terms * bRows, bRows, 'int32').reshape([1, -1])).reshape([-1]);
      const bRowsFound = this.b.rows(bIds.toInt() as tf.Tensor1D).reshape([-1, terms, bColumns]);
      return tf.matMul(aRows, bRowsFound, true, false).reshape([-1, aColumns * bColumns]) as tf.Tensor2D;
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

  stored(): readonly StoredTensor[] {
    return storedFactors(this.factors);
  }

  attributes(): Record<string, unknown> {
    return { terms: this.terms, factors: factorAttributes(this.factors) };
  }

  withFactors([a, b]: readonly LinearWeight[]): KroneckerWeight {
    return new KroneckerWeight(a, b, this.terms);
  }

  clone(): KroneckerWeight {
    return new KroneckerWeight(this.a.clone(), this.b.clone(), this.terms);
  }

  dispose(): void {
    this.a.dispose();
    this.b.dispose();
  }
}

/** @param loadWeight loads the factors by their own forms */
export function kroneckerForm(loadWeight: FactorLoader): WeightForm {
  return {
    form: 'kronecker',
    title: 'Kronecker',
    async load(shape, attributes, read) {
      const factors = await loadFactors(['a', 'b'], attributes.factors, read, loadWeight);
      const terms = Number(attributes.terms);
      return loadedProduct(factors, shape, () => new KroneckerWeight(factors[0], factors[1], terms));
    },
  };
}

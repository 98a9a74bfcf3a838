import type { Contraction } from '../engines/webgpu/kernels/contraction/tensor-contraction-plan';
import { productContraction } from './contract-factor';
import type { KroneckerShape } from './contraction-cost';

/**
 * Order of the factors: `a` or `b` first by contraction, or `bRows`: B first as a plain product of rows, in any format. With
 * `b`, the terms of the second step are contiguous.
 */
export type KroneckerOrder = 'a' | 'b' | 'bRows';

/** The two contractions of this many tokens with Σ_k A_k ⊗ B_k, the tokens viewed as [aColumns, bColumns]. */
export function kroneckerSteps(
  shape: KroneckerShape,
  order: KroneckerOrder,
  tokens: number,
): [Contraction, Contraction] {
  if (order === 'a') return stepsFromA(shape, tokens);
  return order === 'b' ? stepsFromB(shape, tokens) : stepsFromRowsOfB(shape, tokens);
}

/** Z[t, k, j, p] = Σ_q x[t, j, q]·B_k[p, q], then y[t, i, p] = Σ_(k, j) A_k[i, j]·Z[t, k, j, p]. */
function stepsFromB(shape: KroneckerShape, tokens: number): [Contraction, Contraction] {
  const { aColumns, bRows, bColumns, terms } = shape;
  const size = terms * aColumns * bRows;
  return [
    {
      groups: tokens,
      rows: terms * bRows,
      columns: aColumns,
      terms: { outer: 1, inner: bColumns },
      rowInner: bRows,
      factorRow: { outer: bRows * bColumns, inner: bColumns },
      factorTerm: { outer: 0, inner: 1 },
      x: { group: aColumns * bColumns, term: { outer: 0, inner: 1 }, column: bColumns },
      y: { group: size, row: { outer: aColumns * bRows, inner: 1 }, column: bRows },
      outputShape: [tokens, size],
    },
    productWithA(shape, tokens, { outer: aColumns * bRows, inner: bRows }),
  ];
}

/** Z[t, j, (k, p)] = Σ_q x[t, j, q]·B_k[p, q], then y[t, i, p] = Σ_(k, j) A_k[i, j]·Z[t, j, k, p]. */
function stepsFromRowsOfB(shape: KroneckerShape, tokens: number): [Contraction, Contraction] {
  const { aColumns, bRows, bColumns, terms } = shape;
  return [
    productContraction([terms * bRows, bColumns], tokens * aColumns),
    productWithA(shape, tokens, { outer: bRows, inner: terms * bRows }),
  ];
}

/** y[t, i, p] = Σ_(k, j) A_k[i, j]·Z[t, k, j, p]. @param term strides in Z of k (outer) and j (inner) */
function productWithA(
  { aRows, aColumns, bRows, terms }: KroneckerShape,
  tokens: number,
  term: { readonly outer: number; readonly inner: number },
): Contraction {
  return {
    groups: tokens,
    rows: aRows,
    columns: bRows,
    terms: { outer: terms, inner: aColumns },
    rowInner: aRows,
    factorRow: { outer: 0, inner: terms * aColumns },
    factorTerm: { outer: aColumns, inner: 1 },
    x: { group: terms * aColumns * bRows, term, column: 1 },
    y: { group: aRows * bRows, row: { outer: 0, inner: bRows }, column: 1 },
    outputShape: [tokens, aRows * bRows],
  };
}

/** U[t, (k, i), q] = Σ_j A_k[i, j]·x[t, j, q], then y[t, i, p] = Σ_(k, q) B_k[p, q]·U[t, k, i, q]. */
function stepsFromA(
  { aRows, aColumns, bRows, bColumns, terms }: KroneckerShape,
  tokens: number,
): [Contraction, Contraction] {
  return [
    {
      groups: tokens,
      rows: terms * aRows,
      columns: bColumns,
      terms: { outer: 1, inner: aColumns },
      rowInner: aRows,
      factorRow: { outer: aColumns, inner: terms * aColumns },
      factorTerm: { outer: 0, inner: 1 },
      x: { group: aColumns * bColumns, term: { outer: 0, inner: bColumns }, column: 1 },
      y: {
        group: terms * aRows * bColumns,
        row: { outer: aRows * bColumns, inner: bColumns },
        column: 1,
      },
      outputShape: [tokens, terms * aRows * bColumns],
    },
    {
      groups: tokens,
      rows: bRows,
      columns: aRows,
      terms: { outer: terms, inner: bColumns },
      rowInner: bRows,
      factorRow: { outer: 0, inner: bColumns },
      factorTerm: { outer: bRows * bColumns, inner: 1 },
      x: {
        group: terms * aRows * bColumns,
        term: { outer: aRows * bColumns, inner: 1 },
        column: bColumns,
      },
      y: { group: aRows * bRows, row: { outer: 0, inner: 1 }, column: bRows },
      outputShape: [tokens, aRows * bRows],
    },
  ];
}

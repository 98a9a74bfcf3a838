import { chooseGrid, decode, encode, type QuantizationScheme, scaleIndex } from '../weights/quantization';

/**
 * Closed forms of matrices as functions of their parameters, element by element in float64 and independent of the code that
 * trains them. Those of fixed sizes are 6×12 (row trains 6×11).
 */

type Numbers = ArrayLike<number>;
type Shape = readonly [number, number];

export type MatrixOfParameters = (parameters: readonly Numbers[]) => Numbers;

/** Pruned matrix: zeros of `values` stay 0. */
export function masked(values: Float32Array): MatrixOfParameters {
  return ([latent]) => Array.from(latent, (value, index) => (values[index] === 0 ? 0 : value));
}

/** Quantized matrix whose scales are multiplied by factors. */
export function rescaled(values: Float32Array, shape: Shape, scheme: QuantizationScheme): MatrixOfParameters {
  const grid = chooseGrid(values, shape, scheme);
  return ([factors]) =>
    Array.from(values, (value, index) => {
      const [row, column] = [Math.floor(index / shape[1]), index % shape[1]];
      const scale = scaleIndex(grid, shape[1], row, column);
      // A zero of a sparse matrix is not stored.
      return value === 0 ? 0 : factors[scale] * decode(grid, scale, encode(grid, scale, value));
    });
}

/** left [rows, terms] · right [terms, columns] */
export function productOf(
  left: Numbers,
  right: Numbers,
  [rows, terms, columns]: readonly number[],
): number[] {
  return Array.from({ length: rows * columns }, (_, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    let sum = 0;
    for (let term = 0; term < terms; term++) sum += left[row * terms + term] * right[term * columns + column];
    return sum;
  });
}

/** W[i·bRows + p, j·bColumns + q] = Σ_k A[i, k, j]·B[k, p, q]. */
export function kroneckerOf(
  a: Numbers,
  b: Numbers,
  { terms, aColumns, bRows, bColumns }: Readonly<Record<'terms' | 'aColumns' | 'bRows' | 'bColumns', number>>,
): number[] {
  const columns = aColumns * bColumns;
  return Array.from({ length: (a.length * b.length) / terms ** 2 }, (_, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const [i, j] = [Math.floor(row / bRows), Math.floor(column / bColumns)];
    let sum = 0;
    for (let k = 0; k < terms; k++)
      sum +=
        a[(i * terms + k) * aColumns + j] * b[(k * bRows + (row % bRows)) * bColumns + (column % bColumns)];
    return sum;
  });
}

export const CORES = [
  { left: 1, row: 3, column: 2, right: 2 },
  { left: 2, row: 1, column: 3, right: 4 },
  { left: 4, row: 2, column: 2, right: 1 },
];

/** Sums over both ranks for each element. */
export function tensorTrainOf([first, second, third]: readonly Numbers[]): number[] {
  return Array.from({ length: 72 }, (_, index) => {
    const [row, column] = [Math.floor(index / 12), index % 12];
    const [i1, i3] = [Math.floor(row / 2), row % 2];
    const [j1, j2, j3] = [Math.floor(column / 6), Math.floor(column / 2) % 3, column % 2];
    let sum = 0;
    for (let r = 0; r < 2; r++) {
      for (let s = 0; s < 4; s++)
        sum += first[(i1 * 2 + r) * 2 + j1] * second[s * 6 + r * 3 + j2] * third[i3 * 8 + s * 2 + j3];
    }
    return sum;
  });
}

export const TRAIN = [
  { left: 1, size: 2, right: 2 },
  { left: 2, size: 3, right: 2 },
  { left: 2, size: 2, right: 1 },
];
export const TRAIN_VALUES = 20;

/** Rows with the first 11 of each train's 12 elements. */
export function rowTrainsOf(values: Numbers): number[] {
  return Array.from({ length: 66 }, (_, index) => {
    const [row, column] = [Math.floor(index / 11) * TRAIN_VALUES, index % 11];
    const [i, j, k] = [Math.floor(column / 6), Math.floor(column / 2) % 3, column % 2];
    let sum = 0;
    for (let r = 0; r < 2; r++) {
      for (let s = 0; s < 2; s++)
        sum += values[row + i * 2 + r] * values[row + 4 + r * 6 + j * 2 + s] * values[row + 16 + s * 2 + k];
    }
    return sum;
  });
}

export const ROW_ORDER = Uint32Array.of(4, 2, 0, 5, 1, 3);
export const COLUMN_ORDER = Uint32Array.of(7, 3, 11, 0, 9, 1, 5, 10, 2, 8, 6, 4);

/** W[rowOrder[i], columnOrder[j]] = inner[i, j] */
export function permutedOf(inner: Numbers): number[] {
  const values = Array<number>(72);
  ROW_ORDER.forEach((row, i) => {
    COLUMN_ORDER.forEach((column, j) => (values[row * 12 + column] = inner[i * 12 + j]));
  });
  return values;
}

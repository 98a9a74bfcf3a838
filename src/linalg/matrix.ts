/** Dense matrix in float64, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** Side of the square tiles of a transpose: two tiles of float64 fit the first-level cache. */
const TILE = 32;

export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

/** Copies values into float64. @throws Error if the number of values does not match the shape */
export function matrixFrom(values: ArrayLike<number>, rows: number, columns: number): Matrix {
  if (values.length !== rows * columns)
    throw new Error(`${values.length} values do not make ${rows}×${columns}.`);
  return { rows, columns, values: Float64Array.from(values) };
}

export function transpose({ rows, columns, values }: Matrix): Matrix {
  const result = zeros(columns, rows);
  for (let top = 0; top < rows; top += TILE) {
    const bottom = Math.min(rows, top + TILE);
    for (let left = 0; left < columns; left += TILE) {
      const right = Math.min(columns, left + TILE);
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++)
          result.values[column * rows + row] = values[row * columns + column];
      }
    }
  }
  return result;
}

/**
 * Adds row `row` of A times B to `sum`, four rows of B at a time, each contiguous in memory, so that `sum` is read and written
 * a quarter as often.
 */
export function addRowProduct(a: Matrix, row: number, b: Matrix, sum: Float64Array): void {
  const { columns, values } = b;
  const start = row * a.columns;
  let inner = 0;
  for (; inner + 3 < a.columns; inner += 4) {
    const f0 = a.values[start + inner];
    const f1 = a.values[start + inner + 1];
    const f2 = a.values[start + inner + 2];
    const f3 = a.values[start + inner + 3];
    const r0 = inner * columns;
    const r1 = r0 + columns;
    const r2 = r1 + columns;
    const r3 = r2 + columns;
    for (let column = 0; column < columns; column++) {
      sum[column] +=
        f0 * values[r0 + column] +
        f1 * values[r1 + column] +
        f2 * values[r2 + column] +
        f3 * values[r3 + column];
    }
  }
  for (; inner < a.columns; inner++) {
    const factor = a.values[start + inner];
    const from = inner * columns;
    for (let column = 0; column < columns; column++) sum[column] += factor * values[from + column];
  }
}

/** Inner product of two vectors within arrays, in four independent sums so that additions can overlap. */
export function innerProduct(
  left: Float64Array,
  leftStart: number,
  right: Float64Array,
  rightStart: number,
  length: number,
): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let index = 0;
  for (; index + 3 < length; index += 4) {
    s0 += left[leftStart + index] * right[rightStart + index];
    s1 += left[leftStart + index + 1] * right[rightStart + index + 1];
    s2 += left[leftStart + index + 2] * right[rightStart + index + 2];
    s3 += left[leftStart + index + 3] * right[rightStart + index + 3];
  }
  for (; index < length; index++) s0 += left[leftStart + index] * right[rightStart + index];
  return s0 + s1 + (s2 + s3);
}

/** ‖A‖F². */
export function squaredNorm({ values }: Matrix): number {
  return innerProduct(values, 0, values, 0, values.length);
}

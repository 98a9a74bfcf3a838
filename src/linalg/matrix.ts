/** A dense matrix in float64, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

/** A copy in float64. @throws Error where the number of values does not fit */
export function matrixFrom(values: ArrayLike<number>, rows: number, columns: number): Matrix {
  if (values.length !== rows * columns)
    throw new Error(`${values.length} values do not make ${rows}×${columns}.`);
  return { rows, columns, values: Float64Array.from(values) };
}

export function transpose({ rows, columns, values }: Matrix): Matrix {
  const result = zeros(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      result.values[column * rows + row] = values[row * columns + column];
  }
  return result;
}

/** A · B. */
export function multiply(a: Matrix, b: Matrix): Matrix {
  const result = zeros(a.rows, b.columns);
  for (let row = 0; row < a.rows; row++) addRowProduct(a, row, b, result.values.subarray(row * b.columns));
  return result;
}

/** Adds row `row` of A times B to `sum`: a run over the rows of B, contiguous in memory. */
export function addRowProduct(a: Matrix, row: number, b: Matrix, sum: Float64Array): void {
  for (let inner = 0; inner < a.columns; inner++) {
    const factor = a.values[row * a.columns + inner];
    if (factor === 0) continue;
    const start = inner * b.columns;
    for (let column = 0; column < b.columns; column++) sum[column] += factor * b.values[start + column];
  }
}

/** ‖A‖F². */
export function squaredNorm({ values }: Matrix): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] * values[index];
  return sum;
}

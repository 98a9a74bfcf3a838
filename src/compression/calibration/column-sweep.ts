import { yielding, type LongTask } from '../../linalg/long-task';
import { type Matrix, zeros } from '../../linalg/matrix';
import { product } from '../../linalg/matrix-product';

/** Replacement of the weights, column after column. */
export interface ColumnRule {
  /** Called before a block of columns; `weights` already compensate for every column to the left. */
  beginBlock?(left: number, right: number): void;
  /**
   * Returns the replacement of `value` at this position. The weights of the row to its right are up to date within
   * the block.
   */
  replace(row: number, column: number, value: number): number;
}

/**
 * Replaces the weights column by column from left to right; after each, the weights to its right compensate for the
 * change of the layer's output: the optimal brain surgeon's update with the inverse Hessian of the columns to the
 * right, whose rows are those of its Cholesky factor (Frantar et al. 2022, "GPTQ", section 3; Frantar and Alistarh
 * 2023, "SparseGPT", section 3 and algorithm 1). Within a block the update is immediate, beyond it once for the block
 * as a whole, as a product.
 *
 * @param weights [out, in]; overwritten by the replacements of `rule`
 * @param factor [in, in], upper triangular U with H⁻¹ = Uᵀ · U, of `inverseCholeskyFactor`
 * @param blockSize columns of a block; it affects the result only through `rule`'s actions at the start of a block
 */
export async function sweepColumns(
  weights: Matrix,
  factor: Matrix,
  blockSize: number,
  rule: ColumnRule,
  task: LongTask = {},
): Promise<void> {
  const { columns } = weights;
  const yieldToEventLoop = yielding(task);
  for (let left = 0; left < columns; left += blockSize) {
    const right = Math.min(columns, left + blockSize);
    const done = (left / columns) * (2 - left / columns);
    rule.beginBlock?.(left, right);
    const errors = zeros(weights.rows, right - left);
    for (let row = 0; row < weights.rows; row++) {
      replaceInRow(weights, factor, row, left, rule, errors);
      await yieldToEventLoop(done);
    }
    if (right < columns) {
      const update = await product(errors, cornerOf(factor, left, right), { signal: task.signal });
      subtractFromColumn(weights, update, right);
    }
  }
  task.onProgress?.(1);
}

function replaceInRow(
  { columns, values }: Matrix,
  factor: Matrix,
  row: number,
  left: number,
  rule: ColumnRule,
  errors: Matrix,
): void {
  const start = row * columns;
  const right = left + errors.columns;
  for (let column = left; column < right; column++) {
    const value = values[start + column];
    const replacement = rule.replace(row, column, value);
    values[start + column] = replacement;
    if (replacement === value) continue;
    const along = column * columns;
    const error = (value - replacement) / factor.values[along + column];
    errors.values[row * errors.columns + column - left] = error;
    for (let later = column + 1; later < right; later++)
      values[start + later] -= error * factor.values[along + later];
  }
}

/** Rows `left` to `right` of the factor, from column `right` on. */
function cornerOf({ columns, values }: Matrix, left: number, right: number): Matrix {
  const corner = zeros(right - left, columns - right);
  for (let row = left; row < right; row++) {
    corner.values.set(
      values.subarray(row * columns + right, (row + 1) * columns),
      (row - left) * corner.columns,
    );
  }
  return corner;
}

/** Subtracts the update from the columns from `first` on. */
function subtractFromColumn({ columns, values }: Matrix, update: Matrix, first: number): void {
  for (let row = 0; row < update.rows; row++) {
    for (let column = 0; column < update.columns; column++)
      values[row * columns + first + column] -= update.values[row * update.columns + column];
  }
}

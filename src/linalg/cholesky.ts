import { yielding, type LongTask, partOf } from './long-task';
import { copyFromPanel } from './matrix-product';
import { type Matrix, zeros } from './matrix';
import { type HeapMatrix, PANEL, PanelHeap } from './panel-heap';

/** Rows solved together: few compared with the product that precedes each solution. A multiple of PANEL. */
const BLOCK = 64;
/** Rows of the left operand multiplied by all panels of a block while they are in the second-level cache. */
const CHUNK_ROWS = 64;

/**
 * Lower triangular L with A = L · Lᵀ, block column by block column (Golub and Van Loan, Matrix Computations, 4th ed.,
 * section 4.2.6), float64.
 *
 * @param matrix [n, n], symmetric; only its lower triangle is read
 * @throws Error if a pivot is not positive: the matrix is not positive definite
 */
export async function choleskyFactor(matrix: Matrix, task: LongTask = {}): Promise<Matrix> {
  const n = matrix.rows;
  const yieldToEventLoop = yielding(task);
  const panelShapes = Array.from({ length: BLOCK / PANEL }, () => [n, PANEL] as const);
  const heap = new PanelHeap([[n, n], [CHUNK_ROWS, PANEL], ...panelShapes]);
  const factor = heap.allocate(n, n);
  const part = heap.allocate(CHUNK_ROWS, PANEL);
  const panels = panelShapes.map(() => heap.allocate(n, PANEL));
  for (let row = 0; row < n; row++)
    factor.values.set(matrix.values.subarray(row * n, row * n + row + 1), row * n);

  for (let left = 0; left < n; left += BLOCK) {
    const right = Math.min(n, left + BLOCK);
    panels.forEach((panel, index) => copyTransposed(factor, left + index * PANEL, left, panel));
    for (let top = left; top < n; top += CHUNK_ROWS) {
      const rows = Math.min(CHUNK_ROWS, n - top);
      if (left > 0) {
        for (const [index, panel] of panels.entries()) {
          heap.multiply(factor, panel, part, { firstRow: top, rows, inner: left });
          subtractOnAndBelowDiagonal(part, rows, factor, top, left + index * PANEL);
        }
      }
      for (let row = top; row < top + rows; row++) solveRow(factor, row, left, Math.min(right, row + 1));
      const done = (left + ((right - left) * (top + rows - left)) / (n - left)) / n;
      await yieldToEventLoop(done * done * (3 - 2 * done));
    }
  }
  task.onProgress?.(1);
  return { rows: n, columns: n, values: factor.values.slice() };
}

/** Copies rows `first` to `first` + PANEL of L, up to column `count`, into the columns of the panel. */
function copyTransposed({ rows, values }: Matrix, first: number, count: number, panel: HeapMatrix): void {
  const width = Math.min(PANEL, rows - first);
  for (let column = 0; column < width; column++) {
    const start = (first + column) * rows;
    for (let inner = 0; inner < count; inner++) panel.values[inner * PANEL + column] = values[start + inner];
  }
}

function subtractOnAndBelowDiagonal(
  part: HeapMatrix,
  rows: number,
  { columns, values }: Matrix,
  top: number,
  left: number,
): void {
  for (let row = 0; row < rows; row++) {
    const width = Math.min(PANEL, top + row + 1 - left);
    for (let column = 0; column < width; column++)
      values[(top + row) * columns + left + column] -= part.values[row * PANEL + column];
  }
}

/** Solves for columns `left` to `right` of a row of L, after the contribution of columns before `left` was subtracted. */
function solveRow({ rows: n, values }: Matrix, row: number, left: number, right: number): void {
  const start = row * n;
  for (let column = left; column < right; column++) {
    const other = column * n;
    let rest = values[start + column];
    for (let inner = left; inner < column; inner++) rest -= values[start + inner] * values[other + inner];
    if (column < row) {
      values[start + column] = rest / values[other + column];
    } else {
      if (!(rest > 0))
        throw new Error(`The matrix is not positive definite: pivot ${row} of ${n} is ${rest}.`);
      values[start + column] = Math.sqrt(rest);
    }
  }
}

/**
 * L⁻¹ of a lower triangular L, block row by block row by forward substitution, float64.
 *
 * @param matrix [n, n]; only its lower triangle is read
 * @throws Error if a value of the diagonal is 0
 */
export async function lowerTriangularInverse(matrix: Matrix, task: LongTask = {}): Promise<Matrix> {
  const n = matrix.rows;
  for (let row = 0; row < n; row++) {
    if (matrix.values[row * n + row] === 0)
      throw new Error(`The triangular matrix is singular: value ${row} of its diagonal is 0.`);
  }
  const yieldToEventLoop = yielding(task);
  const panelShapes = Array.from({ length: Math.ceil(n / PANEL) }, () => [n, PANEL] as const);
  const heap = new PanelHeap([[BLOCK, n], [BLOCK, PANEL], ...panelShapes]);
  const blockRows = heap.allocate(BLOCK, n);
  const part = heap.allocate(BLOCK, PANEL);
  const inverse = panelShapes.map(() => heap.allocate(n, PANEL));
  for (let top = 0; top < n; top += BLOCK) {
    const rows = Math.min(BLOCK, n - top);
    blockRows.values.set(matrix.values.subarray(top * n, (top + rows) * n));
    const panelCount = Math.ceil((top + rows) / PANEL);
    for (const [index, panel] of inverse.slice(0, panelCount).entries()) {
      const left = index * PANEL;
      // The panel is 0 above the diagonal: start the sums there.
      if (left < top)
        heap.multiply(from(blockRows, left), from(panel, left * PANEL), part, { rows, inner: top - left });
      else part.values.fill(0);
      substituteForward(blockRows, top, rows, part, panel, left);
      await yieldToEventLoop(((top + (rows * index) / panelCount) / n) ** 3);
    }
  }
  task.onProgress?.(1);
  const result = zeros(n, n);
  inverse.forEach((panel, index) => copyFromPanel(panel, n, result, 0, index * PANEL));
  return result;
}

/** Submatrix that begins at this value, with the same row stride. */
const from = (matrix: HeapMatrix, offset: number): HeapMatrix => ({
  ...matrix,
  values: matrix.values.subarray(offset),
});

/** Solves rows `top` to `top` + `rows` of a panel of L⁻¹; `part` holds the contribution of the rows above to L · L⁻¹ = 1. */
function substituteForward(
  { columns, values }: Matrix,
  top: number,
  rows: number,
  part: HeapMatrix,
  panel: HeapMatrix,
  left: number,
): void {
  for (let index = 0; index < rows; index++) {
    const row = top + index;
    const start = index * columns;
    for (let column = 0; column < PANEL; column++) {
      let rest = (row === left + column ? 1 : 0) - part.values[index * PANEL + column];
      for (let inner = Math.max(top, left); inner < row; inner++)
        rest -= values[start + inner] * panel.values[inner * PANEL + column];
      panel.values[row * PANEL + column] = rest / values[start + row];
    }
  }
}

/**
 * Upper triangular U with A⁻¹ = Uᵀ · U, whose rows GPTQ and SparseGPT read (Frantar et al. 2022, "GPTQ", section 3,
 * step 3). With the order of rows and columns reversed A is L · Lᵀ, and U is L⁻¹ in the original order, so that A⁻¹ need
 * not be computed and factored.
 *
 * @param matrix [n, n], symmetric
 * @throws Error if the matrix is not positive definite
 */
export async function inverseCholeskyFactor(matrix: Matrix, task: LongTask = {}): Promise<Matrix> {
  const reversed = { ...matrix, values: matrix.values.slice().reverse() };
  const factor = await choleskyFactor(reversed, partOf(task, 0, 0.5));
  const inverse = await lowerTriangularInverse(factor, partOf(task, 0.5, 1));
  inverse.values.reverse();
  return inverse;
}

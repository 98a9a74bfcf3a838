import { yielding, type LongTask } from './long-task';
import { copyToPanel } from './matrix-product';
import { type Matrix, transpose, zeros } from './matrix';
import { PANEL, PanelHeap } from './panel-heap';

/** Eigenvectors of AᵀA with eigenvalues below this share of the greatest are inaccurate through rounding. */
export const LEAST_EIGENVALUE_SHARE = 1e-10;

/** Values of A in the heap at once: half of a second-level cache. */
const CHUNK_VALUES = 65536;
/** Adding up sums over fewer rows would cost more than computing them. */
const CHUNK_LEAST_ROWS = 128;

/** AᵀA, [columns, columns]: sums the lower triangle over chunks of the rows of A, then mirrors it. */
export async function gramMatrix(matrix: Matrix, task: LongTask = {}): Promise<Matrix> {
  const { rows, columns } = matrix;
  const yieldToEventLoop = yielding(task);
  const gram = zeros(columns, columns);
  const chunkRows = Math.min(rows, Math.max(CHUNK_LEAST_ROWS, Math.floor(CHUNK_VALUES / columns)));
  const heap = new PanelHeap([
    [columns, chunkRows],
    [chunkRows, PANEL],
    [columns, PANEL],
  ]);
  const transposed = heap.allocate(columns, chunkRows);
  const panel = heap.allocate(chunkRows, PANEL);
  const part = heap.allocate(columns, PANEL);
  for (let first = 0; first < rows; first += chunkRows) {
    const count = Math.min(chunkRows, rows - first);
    const values = matrix.values.subarray(first * columns, (first + count) * columns);
    const chunk: Matrix = { rows: count, columns, values };
    transposed.values.set(transpose(chunk).values);
    for (let left = 0; left < columns; left += PANEL) {
      copyToPanel(chunk, left, panel);
      heap.multiply({ ...transposed, columns: count }, panel, part, { firstRow: left, rows: columns - left });
      addBelowDiagonal(part.values, left, gram);
      await yieldToEventLoop((first + (count * left) / columns) / rows);
    }
  }
  for (let row = 0; row < columns; row++) {
    for (let column = row + 1; column < columns; column++)
      gram.values[row * columns + column] = gram.values[column * columns + row];
  }
  return gram;
}

/** Adds the panel to columns `left` and following, of rows `left` and following. */
function addBelowDiagonal(panel: Float64Array, left: number, { columns, values }: Matrix): void {
  const width = Math.min(PANEL, columns - left);
  for (let row = left; row < columns; row++) {
    for (let column = 0; column < width; column++)
      values[row * columns + left + column] += panel[(row - left) * PANEL + column];
  }
}

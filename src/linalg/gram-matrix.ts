import { yielding, type LongTask } from './long-task';
import { copyToPanel } from './matrix-product';
import { type Matrix, transpose, zeros } from './matrix';
import { PANEL, PanelHeap } from './panel-heap';

/** Eigenvectors of AᵀA whose eigenvalues are below this share of the greatest are mixed up by rounding. */
export const MIXED_UP = 1e-10;

/** Values of A that are in the heap at once: as many as half of a second-level cache holds. */
const CHUNK_VALUES = 65536;
/** Each sum over fewer rows would cost more to add up than to compute. */
const CHUNK_LEAST_ROWS = 128;

/** AᵀA, [columns, columns]: the lower triangle is summed over chunks of the rows of A, then mirrored. */
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

/** Adds the panel to the columns from `left` on of the rows from `left` on. */
function addBelowDiagonal(panel: Float64Array, left: number, { columns, values }: Matrix): void {
  const width = Math.min(PANEL, columns - left);
  for (let row = left; row < columns; row++) {
    for (let column = 0; column < width; column++)
      values[row * columns + left + column] += panel[(row - left) * PANEL + column];
  }
}

import { yielding, type LongTask } from './long-task';
import { type Matrix, zeros } from './matrix';
import { type HeapMatrix, PANEL, PanelHeap } from './panel-heap';

/** Rows of A in the heap at once: they stay in the second-level cache for all panels of B. */
const CHUNK_ROWS = 64;

/** A · B, [m, k] · [k, n]. */
export async function product(a: Matrix, b: Matrix, task: LongTask = {}): Promise<Matrix> {
  const yieldToEventLoop = yielding(task);
  const result = zeros(a.rows, b.columns);
  const panelCount = Math.ceil(b.columns / PANEL);
  const chunkRows = Math.min(CHUNK_ROWS, a.rows);
  const panelShapes = Array.from({ length: panelCount }, () => [b.rows, PANEL] as const);
  const heap = new PanelHeap([[chunkRows, a.columns], [chunkRows, PANEL], ...panelShapes]);
  const chunk = heap.allocate(chunkRows, a.columns);
  const part = heap.allocate(chunkRows, PANEL);
  const panels = panelShapes.map(([rows], index) => {
    const panel = heap.allocate(rows, PANEL);
    copyToPanel(b, index * PANEL, panel);
    return panel;
  });
  for (let first = 0; first < a.rows; first += chunkRows) {
    const rows = Math.min(chunkRows, a.rows - first);
    chunk.values.set(a.values.subarray(first * a.columns, (first + rows) * a.columns));
    for (const [index, panel] of panels.entries()) {
      heap.multiply(chunk, panel, part, { rows });
      copyFromPanel(part, rows, result, first, index * PANEL);
      await yieldToEventLoop((first + (rows * index) / panelCount) / a.rows);
    }
  }
  return result;
}

/** Copies columns `left` to `left` + PANEL of a matrix with as many rows; leaves panel columns beyond the last unchanged. */
export function copyToPanel({ rows, columns, values }: Matrix, left: number, panel: HeapMatrix): void {
  const width = Math.min(PANEL, columns - left);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++)
      panel.values[row * PANEL + column] = values[row * columns + left + column];
  }
}

/** Copies the first `rows` rows of a panel into the matrix at row `top`, column `left`. */
export function copyFromPanel(
  panel: HeapMatrix,
  rows: number,
  { columns, values }: Matrix,
  top: number,
  left: number,
): void {
  const width = Math.min(PANEL, columns - left);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++)
      values[(top + row) * columns + left + column] = panel.values[row * PANEL + column];
  }
}

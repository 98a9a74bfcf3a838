/** Rows and columns of a tile: 4 KiB, which fits the first-level cache. */
const TILE = 32;

/**
 * Row-major [rows, columns] → [columns, rows].
 * @param transposed target array, reusable for many matrices; at least as long as `values`
 */
export function transpose(
  values: Float32Array,
  rows: number,
  columns: number,
  transposed = new Float32Array(values.length),
): Float32Array {
  for (let firstRow = 0; firstRow < rows; firstRow += TILE) {
    const endRow = Math.min(rows, firstRow + TILE);
    for (let firstColumn = 0; firstColumn < columns; firstColumn += TILE) {
      const endColumn = Math.min(columns, firstColumn + TILE);
      for (let column = firstColumn; column < endColumn; column++) {
        for (let row = firstRow; row < endRow; row++)
          transposed[column * rows + row] = values[row * columns + column];
      }
    }
  }
  return transposed;
}

type Shape = readonly [rows: number, columns: number];

/**
 * Euclidean norm of each block of a matrix, divided by the square root of its number of weights, so that smaller
 * blocks at the edges are comparable.
 * @param values row-major of this shape
 * @returns row-major over the grid of blocks
 */
export function blockNorms(
  values: Float32Array,
  [rows, columns]: Shape,
  [blockRows, blockColumns]: Shape,
): Float64Array {
  const across = Math.ceil(columns / blockColumns);
  const norms = new Float64Array(Math.ceil(rows / blockRows) * across);
  for (let row = 0; row < rows; row++) {
    const first = Math.floor(row / blockRows) * across;
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column];
      norms[first + Math.floor(column / blockColumns)] += value * value;
    }
  }
  return norms.map((sum, index) => {
    const top = Math.floor(index / across) * blockRows;
    const left = (index % across) * blockColumns;
    return Math.sqrt(sum / (Math.min(blockRows, rows - top) * Math.min(blockColumns, columns - left)));
  });
}

/**
 * Selects the remaining blocks when the `removed` ones of least norm are pruned; of equal norms the first are pruned
 * first.
 * @returns for each norm whether its block remains
 */
export function keptBlocks(norms: Float64Array, removed: number): boolean[] {
  const order = Array.from(norms.keys()).sort((left, right) => norms[left] - norms[right] || left - right);
  const remains = new Array<boolean>(norms.length).fill(true);
  for (const index of order.slice(0, removed)) remains[index] = false;
  return remains;
}

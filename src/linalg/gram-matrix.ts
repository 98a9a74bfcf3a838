import { breathing, type LongTask } from './cooperate';
import { type Matrix, zeros } from './matrix';

/**
 * AᵀA, [columns, columns]. The upper triangle is summed over the rows of A, four at a time so that the triangle, too
 * large for the cache, is passed over a quarter as often; then it is mirrored.
 */
export async function gramMatrix(matrix: Matrix, task: LongTask = {}): Promise<Matrix> {
  const { rows, columns } = matrix;
  const breathe = breathing(task);
  const gram = zeros(columns, columns);
  for (let row = 0; row < rows; row += 4) {
    if (row + 4 <= rows) addFourRows(matrix, row, gram.values);
    else for (let last = row; last < rows; last++) addOneRow(matrix, last, gram.values);
    await breathe(row / rows);
  }
  for (let left = 0; left < columns; left++) {
    for (let right = 0; right < left; right++)
      gram.values[left * columns + right] = gram.values[right * columns + left];
  }
  return gram;
}

function addFourRows({ columns, values }: Matrix, row: number, gram: Float64Array): void {
  const r0 = row * columns;
  const r1 = r0 + columns;
  const r2 = r1 + columns;
  const r3 = r2 + columns;
  for (let left = 0; left < columns; left++) {
    const f0 = values[r0 + left];
    const f1 = values[r1 + left];
    const f2 = values[r2 + left];
    const f3 = values[r3 + left];
    const target = left * columns;
    for (let right = left; right < columns; right++) {
      gram[target + right] +=
        f0 * values[r0 + right] + f1 * values[r1 + right] + f2 * values[r2 + right] + f3 * values[r3 + right];
    }
  }
}

function addOneRow({ columns, values }: Matrix, row: number, gram: Float64Array): void {
  const start = row * columns;
  for (let left = 0; left < columns; left++) {
    const factor = values[start + left];
    for (let right = left; right < columns; right++)
      gram[left * columns + right] += factor * values[start + right];
  }
}

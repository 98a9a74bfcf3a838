import type { CoreShape } from './contraction-cost';

/** Converts a core [left, row, column, right] to its stored matrix [row·right, left·column]. */
export function coreToMatrix(values: Float64Array, shape: CoreShape): Float32Array {
  const matrix = new Float32Array(values.length);
  eachEntry(shape, (inCore, inMatrix) => {
    matrix[inMatrix] = values[inCore];
  });
  return matrix;
}

/** Converts a stored matrix [row·right, left·column] to the core [left, row, column, right]. */
export function matrixToCore(matrix: Float32Array, shape: CoreShape): Float64Array {
  const values = new Float64Array(matrix.length);
  eachEntry(shape, (inCore, inMatrix) => {
    values[inCore] = matrix[inMatrix];
  });
  return values;
}

function eachEntry(
  { left, row, column, right }: CoreShape,
  visit: (inCore: number, inMatrix: number) => void,
): void {
  let inCore = 0;
  for (let l = 0; l < left; l++) {
    for (let i = 0; i < row; i++) {
      for (let j = 0; j < column; j++) {
        for (let r = 0; r < right; r++) {
          visit(inCore++, (i * right + r) * left * column + l * column + j);
        }
      }
    }
  }
}

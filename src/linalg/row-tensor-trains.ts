import { yielding, type LongTask } from './long-task';
import { jacobiEigen } from './jacobi-eigen';

/** Sizes of one core of a vector's tensor train, row-major [left, size, right]. */
export interface TrainCoreShape {
  readonly left: number;
  readonly size: number;
  readonly right: number;
}

/** Shapes of cores over `sizes` with the greatest possible ranks up to `maxRank`. */
export function trainCoreShapes(sizes: readonly number[], maxRank: number): TrainCoreShape[] {
  let left = 1;
  let below = sizes.reduce((product, size) => product * size, 1);
  return sizes.map((size) => {
    below /= size;
    const right = Math.min(maxRank, left * size, below);
    const core = { left, size, right };
    left = right;
    return core;
  });
}

/** Number of values in all cores of one train. */
export function valuesOfTrain(cores: readonly TrainCoreShape[]): number {
  return cores.reduce((sum, { left, size, right }) => sum + left * size * right, 0);
}

/**
 * TT-SVD of every row of a matrix as a tensor, padded with zeros if the sizes multiply to more than the row's width
 * (Oseledets 2011, algorithm 1; Xu et al. 2023, "TensorGPT", section 3). A cut that discards nothing needs no decomposition;
 * others use the eigenvectors of the smaller Gram matrix as singular vectors. Float64, rounded once.
 *
 * @param matrix row-major [rows, width], finite
 * @param cores from `trainCoreShapes`
 * @returns row-major [rows, values of a train]: the cores of each row one after the other
 * @throws Error if a value is not finite; the signal's reason when cancelled
 */
export async function tensorTrainsOfRows(
  matrix: Float32Array,
  width: number,
  cores: readonly TrainCoreShape[],
  task: LongTask = {},
): Promise<Float32Array> {
  const rows = matrix.length / width;
  const length = valuesOfTrain(cores);
  const yieldToEventLoop = yielding(task);
  const result = new Float32Array(rows * length);
  const decomposer = new TrainDecomposer(cores);
  for (let row = 0; row < rows; row++) {
    const vector = matrix.subarray(row * width, (row + 1) * width);
    if (!vector.every(Number.isFinite)) {
      throw new Error(
        `Row ${row} holds values that are NaN or infinite; only finite ones can be decomposed.`,
      );
    }
    decomposer.decompose(vector);
    result.set(decomposer.train, row * length);
    await yieldToEventLoop(row / rows);
  }
  task.onProgress?.(1);
  return result;
}

function elementsOf(cores: readonly TrainCoreShape[]): number {
  return cores.reduce((product, { size }) => product * size, 1);
}

/** Decomposes vectors one after the other in the same buffers. */
class TrainDecomposer {
  /** Train of the vector decomposed last. */
  readonly train: Float64Array;
  private rest: Float64Array;
  private next: Float64Array;
  private readonly gram: Float64Array;
  private readonly vectors: Float64Array;

  constructor(private readonly cores: readonly TrainCoreShape[]) {
    // The remainder never grows, and the square of its smaller side is at most its size.
    const elements = elementsOf(cores);
    this.train = new Float64Array(valuesOfTrain(cores));
    [this.rest, this.next] = [new Float64Array(elements), new Float64Array(elements)];
    [this.gram, this.vectors] = [new Float64Array(elements), new Float64Array(elements)];
  }

  decompose(vector: Float32Array): void {
    this.rest.fill(0);
    this.rest.set(vector);
    let columns = elementsOf(this.cores);
    let offset = 0;
    for (const { left, size, right } of this.cores) {
      const rows = left * size;
      columns /= size;
      const core = this.train.subarray(offset, offset + rows * right);
      if (right === columns) this.takeRemainder(core, columns);
      else if (right === rows) fillIdentity(core, rows);
      else if (rows <= columns) this.cutByRows(core, rows, columns, right);
      else this.cutByColumns(core, rows, columns, right);
      offset += core.length;
    }
  }

  /** Makes the core the whole remainder, so that nothing is left to cut. */
  private takeRemainder(core: Float64Array, columns: number): void {
    core.set(this.rest.subarray(0, core.length));
    fillIdentity(this.rest, columns);
  }

  /** Makes the core U [rows, rank] of the leading left singular vectors; Uᵀ · rest remains. */
  private cutByRows(core: Float64Array, rows: number, columns: number, rank: number): void {
    const { rest, next, gram, vectors } = this;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let k = 0; k < columns; k++) sum += rest[i * columns + k] * rest[j * columns + k];
        gram[i * rows + j] = gram[j * rows + i] = sum;
      }
    }
    jacobiEigen(gram, vectors, rows);
    next.fill(0, 0, rank * columns);
    for (let k = 0; k < rank; k++) {
      const vector = takeLargest(gram, rows) * rows;
      for (let i = 0; i < rows; i++) {
        const factor = (core[i * rank + k] = vectors[vector + i]);
        for (let j = 0; j < columns; j++) next[k * columns + j] += factor * rest[i * columns + j];
      }
    }
    [this.rest, this.next] = [next, rest];
  }

  /** The same with the right singular vectors v: σ·vᵀ remains, and the core's columns are rest · v / σ. */
  private cutByColumns(core: Float64Array, rows: number, columns: number, rank: number): void {
    const { rest, next, gram, vectors } = this;
    gram.fill(0, 0, columns * columns);
    for (let k = 0; k < rows; k++) {
      for (let i = 0; i < columns; i++) {
        const factor = rest[k * columns + i];
        for (let j = 0; j < columns; j++) gram[i * columns + j] += factor * rest[k * columns + j];
      }
    }
    jacobiEigen(gram, vectors, columns);
    for (let k = 0; k < rank; k++) {
      const vector = takeLargest(gram, columns) * columns;
      let squares = 0;
      for (let i = 0; i < rows; i++) {
        let sum = 0;
        for (let j = 0; j < columns; j++) sum += rest[i * columns + j] * vectors[vector + j];
        core[i * rank + k] = sum;
        squares += sum * sum;
      }
      const sigma = Math.sqrt(squares);
      if (sigma > 0) for (let i = 0; i < rows; i++) core[i * rank + k] /= sigma;
      for (let j = 0; j < columns; j++) next[k * columns + j] = sigma * vectors[vector + j];
    }
    [this.rest, this.next] = [next, rest];
  }
}

function fillIdentity(matrix: Float64Array, size: number): void {
  matrix.fill(0, 0, size * size);
  for (let index = 0; index < size; index++) matrix[index * size + index] = 1;
}

/** Returns and removes the index of the greatest value of a diagonal. */
function takeLargest(matrix: Float64Array, size: number): number {
  let largest = 0;
  for (let index = 1; index < size; index++) {
    if (matrix[index * size + index] > matrix[largest * size + largest]) largest = index;
  }
  matrix[largest * size + largest] = -Infinity;
  return largest;
}

/**
 * Contracts trains into vectors, in float64, rounded once: the reverse of `tensorTrainsOfRows`.
 *
 * @param trains row-major [rows, values of a train]
 * @param width of a vector without padding
 * @returns row-major [rows, width]
 */
export function contractRowTrains(
  trains: Float32Array,
  width: number,
  cores: readonly TrainCoreShape[],
): Float32Array {
  const length = valuesOfTrain(cores);
  const rows = trains.length / length;
  const largest = Math.max(...partialSizes(cores));
  let [state, next] = [new Float64Array(largest), new Float64Array(largest)];
  const result = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    state[0] = 1;
    let done = 1;
    let offset = row * length;
    for (const { left, size, right } of cores) {
      const across = size * right;
      next.fill(0, 0, done * across);
      for (let i = 0; i < done; i++) {
        for (let l = 0; l < left; l++) {
          const factor = state[i * left + l];
          for (let j = 0; j < across; j++) next[i * across + j] += factor * trains[offset + l * across + j];
        }
      }
      [state, next] = [next, state];
      done *= size;
      offset += left * across;
    }
    result.set(state.subarray(0, width), row * width);
  }
  return result;
}

/** Sizes of the partial contraction after each core. */
function partialSizes(cores: readonly TrainCoreShape[]): number[] {
  let done = 1;
  return cores.map(({ size, right }) => (done *= size) * right);
}

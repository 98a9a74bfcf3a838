import { type LongTask, partOf } from './long-task';
import { linearAssignment } from './linear-assignment';
import { type Matrix, transpose, zeros } from './matrix';
import { product } from './matrix-product';
import { expandKroneckerSum, type KroneckerSum, nearestKroneckerProduct } from './nearest-kronecker-product';

/** W[rowOrder[i], columnOrder[j]] ≈ (Σ A_k ⊗ B_k)[i, j]. */
export interface PermutedKroneckerSum extends KroneckerSum {
  /** [m]; absent if rows are not reordered. */
  readonly rowOrder?: Uint32Array;
  /** [n]; absent if columns are not reordered. */
  readonly columnOrder?: Uint32Array;
}

/** Order of the rows and columns of W, and the nearest sum in that order. */
interface Arrangement {
  readonly rowOrder: Uint32Array;
  readonly columnOrder: Uint32Array;
  readonly sum: KroneckerSum;
}

/** Least relative decrease of the error that continues the iteration. */
const LEAST_DECREASE = 1e-4;

/**
 * Sum of Kronecker products of W with reordered rows and columns (Abronin et al. 2024, "TQCompressor: improving tensor
 * decomposition methods in neural networks via permutations", section 3). Alternately computes the nearest sum, assigns the
 * rows of W to the rows of that sum at the least total distance (a linear assignment), and the columns likewise. No step can
 * raise the error; one that does not lower it is undone.
 *
 * The search finds a local optimum, so it starts twice: from W as it is, and from its rows and columns sorted by norm (each
 * position within the blocks gets rows of similar norm, as in a Kronecker product). The better result is returned, so that the
 * error is at most `nearestKroneckerProduct`'s. Orders that A or B can absorb (of rows, if either has one row) are not searched.
 *
 * @param matrix [aRows·bRows, aColumns·bColumns]
 * @param terms at most min(aRows·aColumns, bRows·bColumns)
 * @param iterations limit for each start
 * @throws Error as `nearestKroneckerProduct`
 */
export async function permutedKroneckerProduct(
  matrix: Matrix,
  aShape: readonly [number, number],
  terms: number,
  iterations: number,
  task: LongTask = {},
): Promise<PermutedKroneckerSum> {
  const search = new Search(matrix, aShape, terms);
  const unordered = await search.improve(search.unordered(), iterations, partOf(task, 0, 0.5));
  const byNorm = await search.improve(search.byNorm(), iterations, partOf(task, 0.5, 1));
  const { sum, rowOrder, columnOrder } =
    byNorm.sum.relativeError < unordered.sum.relativeError ? byNorm : unordered;
  task.onProgress?.(1);
  return {
    ...sum,
    rowOrder: isIdentity(rowOrder) ? undefined : rowOrder,
    columnOrder: isIdentity(columnOrder) ? undefined : columnOrder,
  };
}

type Orders = Pick<Arrangement, 'rowOrder' | 'columnOrder'>;

class Search {
  private readonly permutesRows: boolean;
  private readonly permutesColumns: boolean;

  constructor(
    private readonly matrix: Matrix,
    private readonly aShape: readonly [number, number],
    private readonly terms: number,
  ) {
    const [aRows, aColumns] = aShape;
    this.permutesRows = aRows > 1 && aRows < matrix.rows;
    this.permutesColumns = aColumns > 1 && aColumns < matrix.columns;
  }

  unordered(): Orders {
    return { rowOrder: ascending(this.matrix.rows), columnOrder: ascending(this.matrix.columns) };
  }

  byNorm(): Orders {
    const { matrix, aShape } = this;
    const start = this.unordered();
    return {
      rowOrder: this.permutesRows ? orderByNorm(matrix, aShape[0]) : start.rowOrder,
      columnOrder: this.permutesColumns ? orderByNorm(transpose(matrix), aShape[1]) : start.columnOrder,
    };
  }

  async improve(start: Orders, iterations: number, task: LongTask): Promise<Arrangement> {
    const fits = iterations * (Number(this.permutesRows) + Number(this.permutesColumns)) + 1;
    let fitted = 0;
    const nextPart = () => partOf(task, fitted / fits, ++fitted / fits);
    let best = await this.fit(start, nextPart());
    for (let iteration = 0; iteration < iterations; iteration++) {
      const before = best.sum.relativeError;
      if (this.permutesRows) best = await this.improveRows(best, nextPart());
      if (this.permutesColumns) best = await this.improveColumns(best, nextPart());
      if (before - best.sum.relativeError <= LEAST_DECREASE * before) break;
    }
    return best;
  }

  private async fit({ rowOrder, columnOrder }: Orders, task: LongTask): Promise<Arrangement> {
    const arranged = reorder(this.matrix, rowOrder, columnOrder);
    const sum = await nearestKroneckerProduct(arranged, this.aShape, this.terms, task);
    return { rowOrder, columnOrder, sum };
  }

  private async improveRows(current: Arrangement, task: LongTask): Promise<Arrangement> {
    const candidates = reorder(this.matrix, ascending(this.matrix.rows), current.columnOrder);
    const rowOrder = await nearestRows(await this.expand(current), candidates, partOf(task, 0, 0.5));
    return better(current, await this.fit({ ...current, rowOrder }, partOf(task, 0.5, 1)));
  }

  private async improveColumns(current: Arrangement, task: LongTask): Promise<Arrangement> {
    const candidates = reorder(this.matrix, current.rowOrder, ascending(this.matrix.columns));
    const sum = transpose(await this.expand(current));
    const columnOrder = await nearestRows(sum, transpose(candidates), partOf(task, 0, 0.5));
    return better(current, await this.fit({ ...current, columnOrder }, partOf(task, 0.5, 1)));
  }

  private expand({ sum }: Arrangement): Promise<Matrix> {
    const { aShape, matrix } = this;
    const bShape = [matrix.rows / aShape[0], matrix.columns / aShape[1]] as const;
    return expandKroneckerSum(sum, aShape, bShape);
  }
}

function better(current: Arrangement, candidate: Arrangement): Arrangement {
  return candidate.sum.relativeError < current.sum.relativeError ? candidate : current;
}

/**
 * Assigns each row of `targets` a different row of `candidates` at the least sum of squared distances: the greatest sum of
 * inner products, because the rows' norms do not depend on the order.
 */
async function nearestRows(targets: Matrix, candidates: Matrix, task: LongTask): Promise<Uint32Array> {
  const costs = await product(targets, transpose(candidates), partOf(task, 0, 0.5));
  for (let index = 0; index < costs.values.length; index++) costs.values[index] = -costs.values[index];
  return (await linearAssignment(costs, partOf(task, 0.5, 1))).columnOf;
}

/** Order that puts the longest rows first in their blocks, the next ones second, …: [aRows · bRows] for A of `aRows` rows. */
function orderByNorm({ rows, columns, values }: Matrix, aRows: number): Uint32Array {
  const norms = new Float64Array(rows);
  for (let index = 0; index < values.length; index++)
    norms[Math.floor(index / columns)] += values[index] * values[index];
  const longestFirst = ascending(rows).sort((left, right) => norms[right] - norms[left] || left - right);
  const bRows = rows / aRows;
  return longestFirst.map((_, index) => longestFirst[(index % bRows) * aRows + Math.floor(index / bRows)]);
}

/** result[i, j] = matrix[rowOrder[i], columnOrder[j]]. */
function reorder({ rows, columns, values }: Matrix, rowOrder: Uint32Array, columnOrder: Uint32Array): Matrix {
  const result = zeros(rows, columns);
  for (let row = 0; row < rows; row++) {
    const source = values.subarray(rowOrder[row] * columns, (rowOrder[row] + 1) * columns);
    for (let column = 0; column < columns; column++)
      result.values[row * columns + column] = source[columnOrder[column]];
  }
  return result;
}

function ascending(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, index) => index);
}

function isIdentity(order: Uint32Array): boolean {
  return order.every((source, index) => source === index);
}

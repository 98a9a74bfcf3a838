import { yielding, type LongTask } from './long-task';
import type { Matrix } from './matrix';

/** Assignment of rows to columns at the least total cost, with the prices that prove it. */
export interface Assignment {
  /** Column of each row, [n]. */
  readonly columnOf: Uint32Array;
  /**
   * Dual prices, [n] each. A row's and a column's price add up to at most their cost, and to exactly that if the two are
   * assigned; so no assignment costs less than the sum of all prices, which is the cost of this one.
   */
  readonly rowPrices: Float64Array;
  readonly columnPrices: Float64Array;
}

const NONE = -1;
/** Limit on displaced rows, because rounding could make two rows displace each other forever. */
const MOST_MOVES_PER_ROW = 8;

/**
 * Solves the linear assignment problem by shortest augmenting paths (Jonker and Volgenant 1987, "A Shortest Augmenting Path
 * Algorithm for Dense and Sparse Linear Assignment Problems"): column reduction, augmenting row reduction, then a path of
 * least reduced cost for each remaining row. At most O(n³), usually far less.
 *
 * @param costs [n, n], finite
 * @throws Error if the matrix is not square or a value is not finite; the signal's reason when cancelled
 */
export async function linearAssignment(costs: Matrix, task: LongTask = {}): Promise<Assignment> {
  task.signal?.throwIfAborted();
  const { rows: size, columns, values } = costs;
  if (size !== columns)
    throw new Error(`A ${size}×${columns} cost matrix is not square; give as many rows as columns.`);
  if (!values.every(Number.isFinite)) {
    throw new Error(`The ${size}×${size} costs hold values that are NaN or infinite.`);
  }
  const matching = new Matching(size, values);
  matching.reduceColumns();
  matching.reduceRows();
  const yieldToEventLoop = yielding(task);
  const free = matching.freeRows();
  for (const [index, row] of free.entries()) {
    matching.augment(row);
    await yieldToEventLoop(index / free.length);
  }
  task.onProgress?.(1);
  return matching.assignment();
}

class Matching {
  private readonly columnOf: Int32Array;
  private readonly rowOf: Int32Array;
  private readonly prices: Float64Array;
  /** During a search: the least reduced cost of a path to each column, and the row before it on that path. */
  private readonly distance: Float64Array;
  private readonly previous: Int32Array;
  /** During a search, all columns: first settled ones, then those at the least distance so far, then the others. */
  private readonly order: Int32Array;

  constructor(
    private readonly size: number,
    private readonly costs: Float64Array,
  ) {
    this.columnOf = new Int32Array(size).fill(NONE);
    this.rowOf = new Int32Array(size).fill(NONE);
    this.prices = new Float64Array(size).fill(Infinity);
    this.distance = new Float64Array(size);
    this.previous = new Int32Array(size);
    this.order = new Int32Array(size);
  }

  /** Sets each column's price to its least cost; the row of that cost takes the column if it has none yet. */
  reduceColumns(): void {
    const { size, costs, prices, rowOf, columnOf } = this;
    const cheapest = new Int32Array(size);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const cost = costs[row * size + column];
        if (cost >= prices[column]) continue;
        prices[column] = cost;
        cheapest[column] = row;
      }
    }
    for (let column = 0; column < size; column++) {
      const row = cheapest[column];
      if (columnOf[row] !== NONE) continue;
      columnOf[row] = column;
      rowOf[column] = row;
    }
  }

  /** Gives each free row its cheapest column, displacing the owner, and lowers the price by the margin to the second cheapest. */
  reduceRows(): void {
    const waiting = this.freeRows();
    let moves = MOST_MOVES_PER_ROW * this.size;
    while (waiting.length > 0 && moves-- > 0) {
      const row = waiting.pop()!;
      const { column, second, margin } = this.cheapestColumns(row);
      let assigned = column;
      if (margin > 0) this.prices[column] -= margin;
      else if (this.rowOf[column] !== NONE) assigned = second;
      const displaced = this.rowOf[assigned];
      this.rowOf[assigned] = row;
      this.columnOf[row] = assigned;
      if (displaced === NONE) continue;
      this.columnOf[displaced] = NONE;
      // Without a margin the displaced row would take the column straight back: leave it to the path search.
      if (margin > 0) waiting.push(displaced);
    }
  }

  freeRows(): number[] {
    return Array.from(this.columnOf.keys()).filter((row) => this.columnOf[row] === NONE);
  }

  /** The two columns of least reduced cost, and their difference. */
  private cheapestColumns(row: number): { column: number; second: number; margin: number } {
    const { size, costs, prices } = this;
    let [column, second, least, next] = [0, 0, Infinity, Infinity];
    for (let candidate = 0; candidate < size; candidate++) {
      const cost = costs[row * size + candidate] - prices[candidate];
      if (cost >= next) continue;
      if (cost < least) {
        [second, next] = [column, least];
        [column, least] = [candidate, cost];
      } else {
        [second, next] = [candidate, cost];
      }
    }
    return { column, second, margin: size === 1 ? 0 : next - least };
  }

  /** Assigns a free row along the path of least reduced cost (Dijkstra's algorithm), moving the other rows on the path. */
  augment(freeRow: number): void {
    const { size, costs, prices, distance, previous, order, rowOf } = this;
    for (let column = 0; column < size; column++) {
      distance[column] = costs[freeRow * size + column] - prices[column];
      previous[column] = freeRow;
      order[column] = column;
    }
    let [settled, atLeast, least, end] = [0, 0, 0, NONE];
    let settledBefore = 0;
    while (end === NONE) {
      if (settled === atLeast) {
        settledBefore = settled;
        least = Infinity;
        for (let place = settled; place < size; place++) {
          const candidate = distance[order[place]];
          if (candidate > least) continue;
          if (candidate < least) [least, atLeast] = [candidate, settled];
          this.swap(place, atLeast++);
        }
        end = this.freeAmong(settled, atLeast);
        if (end !== NONE) break;
      }
      const column = order[settled++];
      const row = rowOf[column];
      const start = row * size;
      const offset = costs[start + column] - prices[column] - least;
      for (let place = atLeast; place < size; place++) {
        const other = order[place];
        const candidate = costs[start + other] - prices[other] - offset;
        if (candidate >= distance[other]) continue;
        distance[other] = candidate;
        previous[other] = row;
        if (candidate > least) continue;
        if (rowOf[other] === NONE) {
          end = other;
          break;
        }
        this.swap(place, atLeast++);
      }
    }
    for (let place = 0; place < settledBefore; place++) {
      const column = order[place];
      prices[column] += distance[column] - least;
    }
    this.exchange(freeRow, end);
  }

  private freeAmong(from: number, to: number): number {
    for (let place = from; place < to; place++) {
      if (this.rowOf[this.order[place]] === NONE) return this.order[place];
    }
    return NONE;
  }

  private swap(left: number, right: number): void {
    const { order } = this;
    const column = order[left];
    order[left] = order[right];
    order[right] = column;
  }

  /** Moves each row of the path that ends at a free column to its next column. */
  private exchange(freeRow: number, end: number): void {
    let [column, row] = [end, NONE];
    while (row !== freeRow) {
      row = this.previous[column];
      this.rowOf[column] = row;
      [this.columnOf[row], column] = [column, this.columnOf[row]];
    }
  }

  assignment(): Assignment {
    const { size, costs, columnOf, prices } = this;
    const rowPrices = Float64Array.from(
      columnOf,
      (column, row) => costs[row * size + column] - prices[column],
    );
    return { columnOf: Uint32Array.from(columnOf), rowPrices, columnPrices: prices };
  }
}

/** Shape of one core: row index, column index, and the ranks to its neighbours. */
export interface CoreShape {
  readonly left: number;
  readonly row: number;
  readonly column: number;
  readonly right: number;
}

/** Cost of applying a factorized weight to one token in a given order. */
export interface TokenCost {
  readonly multiplications: number;
  /** Elements of the largest intermediate result. */
  readonly elements: number;
}

/** Shape of Σ_k A_k ⊗ B_k, A_k [aRows, aColumns] and B_k [bRows, bColumns]. */
export interface KroneckerShape {
  readonly terms: number;
  readonly aRows: number;
  readonly aColumns: number;
  readonly bRows: number;
  readonly bColumns: number;
}

/** Cost of applying the B_k to the token, viewed as [aColumns, bColumns], and then the A_k, or the reverse. */
export function kroneckerCost(
  { terms, aRows, aColumns, bRows, bColumns }: KroneckerShape,
  first: 'a' | 'b',
): TokenCost {
  return first === 'b'
    ? {
        multiplications: terms * (aColumns * bRows * bColumns + aRows * aColumns * bRows),
        elements: terms * aColumns * bRows,
      }
    : {
        multiplications: terms * (aRows * aColumns * bColumns + aRows * bRows * bColumns),
        elements: terms * aRows * bColumns,
      };
}

/**
 * Cost of contracting the cores from the first or from the last on: each core costs its size times the state's dimensions
 * that it does not consume.
 */
export function tensorTrainCost(cores: readonly CoreShape[], from: 'first' | 'last'): TokenCost {
  const order = from === 'first' ? cores : [...cores].reverse();
  let rest = cores.reduce((product, { column }) => product * column, 1);
  let done = 1;
  let multiplications = 0;
  let elements = 0;
  for (const { left, row, column, right } of order) {
    rest /= column;
    multiplications += left * row * column * right * rest * done;
    done *= row;
    elements = Math.max(elements, (from === 'first' ? right : left) * rest * done);
  }
  return { multiplications, elements };
}

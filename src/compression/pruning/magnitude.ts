/**
 * Selection of weights by magnitude. Pure functions over row-major [out, in] matrices.
 *
 * Magnitudes are compared through the bits of |w| as a float32, which have the same order as the numbers; among equal
 * magnitudes the first are removed first, so that exactly the requested number is removed.
 */

const HALF_BITS = 16;
const HALF_RANGE = 1 << HALF_BITS;
const MAGNITUDE_MASK = 0x7fffffff;

/** The bits of |w| of each value; integers in the order of the magnitudes. */
function magnitudeBits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/** Threshold of a pruning: smaller magnitudes are removed, and the first `ties` values of exactly this magnitude. */
export interface MagnitudeThreshold {
  /** Bits of the magnitude as a float32. */
  readonly bits: number;
  readonly ties: number;
}

/**
 * The threshold that removes the `count` smallest magnitudes over several matrices, found by radix selection in two
 * passes.
 * @param matrices iterated twice, so that they need not all be in memory
 */
export async function magnitudeThreshold(
  matrices: AsyncIterable<Float32Array> | Iterable<Float32Array>,
  count: number,
): Promise<MagnitudeThreshold> {
  const high = await histogram(matrices, (bits) => bits >>> HALF_BITS);
  const [upper, remaining] = locate(high, count);
  const low = await histogram(matrices, (bits) =>
    bits >>> HALF_BITS === upper ? bits & (HALF_RANGE - 1) : -1,
  );
  const [lower, ties] = locate(low, remaining);
  return { bits: upper * HALF_RANGE + lower, ties };
}

async function histogram(
  matrices: AsyncIterable<Float32Array> | Iterable<Float32Array>,
  bin: (bits: number) => number,
): Promise<Float64Array> {
  const counts = new Float64Array(HALF_RANGE);
  for await (const values of matrices) {
    const bits = magnitudeBits(values);
    for (let index = 0; index < bits.length; index++) {
      const position = bin(bits[index] & MAGNITUDE_MASK);
      if (position >= 0) counts[position]++;
    }
  }
  return counts;
}

/** The bin of the `count`-th smallest, and how many of that bin belong to the smallest `count`. */
function locate(counts: Float64Array, count: number): [bin: number, within: number] {
  let before = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (before + counts[bin] >= count) return [bin, count - before];
    before += counts[bin];
  }
  return [counts.length - 1, counts[counts.length - 1]];
}

/**
 * Marks the values below the threshold.
 * @param ties number of values of exactly the threshold's magnitude to include; the first ones
 * @returns for each value 1 if it is below, and the number of ties used
 */
export function markBelow(
  values: Float32Array,
  threshold: MagnitudeThreshold,
): { marks: Uint8Array; tiesUsed: number } {
  const marks = new Uint8Array(values.length);
  const bits = magnitudeBits(values);
  let tiesUsed = 0;
  for (let index = 0; index < bits.length; index++) {
    const magnitude = bits[index] & MAGNITUDE_MASK;
    if (magnitude < threshold.bits) marks[index] = 1;
    else if (magnitude === threshold.bits && tiesUsed < threshold.ties) {
      marks[index] = 1;
      tiesUsed++;
    }
  }
  return { marks, tiesUsed };
}

/**
 * Sets the values below the threshold to zero.
 * @returns the pruned copy and the number of ties used
 */
export function pruneBelow(
  values: Float32Array,
  threshold: MagnitudeThreshold,
): { pruned: Float32Array; tiesUsed: number } {
  const { marks, tiesUsed } = markBelow(values, threshold);
  return { pruned: values.map((value, index) => (marks[index] ? 0 : value)), tiesUsed };
}

/**
 * Keeps the `kept` greatest of every `groupSize` weights along the input dimension (Mishra et al. 2021, "Accelerating
 * Sparse Deep Neural Networks", section 3, for 2 of 4); the others become zero.
 * @param width columns of the matrix, a multiple of `groupSize`
 */
export function pruneNOfM(
  values: Float32Array,
  width: number,
  kept: number,
  groupSize: number,
): Float32Array {
  if (width % groupSize !== 0) throw new Error(`Groups of ${groupSize} do not divide ${width} columns.`);
  const pruned = new Float32Array(values.length);
  const bits = magnitudeBits(values);
  const order = Array.from({ length: groupSize }, (_, index) => index);
  for (let start = 0; start < values.length; start += groupSize) {
    const magnitude = (index: number) => bits[start + index] & MAGNITUDE_MASK;
    order.sort((left, right) => magnitude(right) - magnitude(left) || left - right);
    for (let rank = 0; rank < kept; rank++) pruned[start + order[rank]] = values[start + order[rank]];
  }
  return pruned;
}

/**
 * The remaining rows (or columns) when the `removed` ones of least Euclidean norm are pruned.
 * @returns indices in ascending order
 */
export function keptByNorm(
  values: Float32Array,
  [rows, columns]: readonly [number, number],
  axis: 'rows' | 'columns',
  removed: number,
): Uint32Array {
  const norms = new Float64Array(axis === 'rows' ? rows : columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column];
      norms[axis === 'rows' ? row : column] += value * value;
    }
  }
  const order = Array.from(norms.keys()).sort((left, right) => norms[left] - norms[right] || left - right);
  return Uint32Array.from(order.slice(removed).sort((left, right) => left - right));
}

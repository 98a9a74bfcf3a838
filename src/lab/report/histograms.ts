import type { LinearWeight } from '../../weights/linear-weight';

const BINS = 64;

/** Counts of weight values in equal bins between `min` and `max`. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly counts: readonly number[];
}

export interface WeightHistograms {
  readonly name: string;
  readonly before: Histogram;
  readonly after: Histogram;
}

/** Histograms of a matrix before and after compression, in equal bins over the range of both. */
export async function weightHistograms(
  name: string,
  before: LinearWeight,
  after: LinearWeight,
): Promise<WeightHistograms> {
  const [original, compressed] = [await before.dense(), await after.dense()];
  let [min, max] = [Infinity, -Infinity];
  for (const values of [original, compressed]) {
    for (let index = 0; index < values.length; index++) {
      if (values[index] < min) min = values[index];
      if (values[index] > max) max = values[index];
    }
  }
  return { name, before: histogram(original, min, max), after: histogram(compressed, min, max) };
}

/** The greatest value falls into the last bin; if all values are equal, they fall into the first. */
export function histogram(values: Float32Array, min: number, max: number): Histogram {
  const counts = new Array<number>(BINS).fill(0);
  const perUnit = max > min ? BINS / (max - min) : 0;
  for (let index = 0; index < values.length; index++) {
    counts[Math.min(BINS - 1, Math.floor((values[index] - min) * perUnit))]++;
  }
  return { min, max, counts };
}

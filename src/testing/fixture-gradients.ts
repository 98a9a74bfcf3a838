import type { TrainingBatch } from '../model/gradients/sequence-losses';

/** Sequences in the fixtures' format: rows of equal length with padding. */
interface FixtureSequences {
  readonly ids: readonly number[];
  readonly lengths: readonly number[];
  readonly targets: readonly number[];
}

export function batchOfFixture({ ids, lengths, targets }: FixtureSequences): TrainingBatch {
  return {
    ids: Int32Array.from(ids),
    batch: lengths.length,
    length: ids.length / lengths.length,
    lengths,
    targets: Int32Array.from(targets),
  };
}

export function norm(values: ArrayLike<number>): number {
  return Math.hypot(...Array.from(values));
}

/** ‖actual − expected‖ / ‖expected‖ over the elements of `expected`. */
export function relativeError(actual: ArrayLike<number>, expected: readonly number[]): number {
  return norm(expected.map((value, index) => actual[index] - value)) / norm(expected);
}

import type { TrainingData } from '../train/training-context';
import { withNextTokens } from '../model/gradients/training-batch';
import { seededRandom } from './allclose';

/**
 * Sequences in which each token determines the next (three times its id, plus one), from seeded first tokens; a tiny model
 * learns the rule in a few steps.
 */
export function countingSequences(vocabulary: number, heldOutSequences = 4): TrainingData {
  const batchOf = (size: number, length: number, random: () => number) => {
    const ids = new Int32Array(size * length);
    for (let start = 0; start < ids.length; start += length) {
      ids[start] = Math.floor(random() * vocabulary);
      for (let index = start + 1; index < start + length; index++)
        ids[index] = (3 * ids[index - 1] + 1) % vocabulary;
    }
    return withNextTokens({ ids, batch: size, length });
  };
  return {
    text: 'counting.txt',
    batch: (step, size, length, seed) => batchOf(size, length, seededRandom(1 + step + 1000 * seed)),
    heldOut: (size, length) => {
      const random = seededRandom(0);
      const batches = Math.ceil(heldOutSequences / size);
      return Array.from({ length: batches }, (_, index) =>
        batchOf(Math.min(size, heldOutSequences - index * size), length, random),
      );
    },
  };
}

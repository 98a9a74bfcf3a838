import type { TokenBatch } from '../model';
import type { TrainingBatch } from './sequence-losses';

/** Share of the tokens that a masked language model predicts (Devlin et al. 2019, section 3.1). */
const MASKED_SHARE = 0.15;

/** Makes each token's successor its target. */
export function withNextTokens(batch: TokenBatch): TrainingBatch {
  const { ids, length, lengths } = batch;
  const targets = new Int32Array(ids.length).fill(-1);
  for (let sequence = 0; sequence < batch.batch; sequence++) {
    const count = lengths?.[sequence] ?? length;
    const start = sequence * length;
    targets.set(ids.subarray(start + 1, start + count), start);
  }
  return { ...batch, targets };
}

/**
 * Masks some tokens of each sequence, 15 % and at least one, and makes them targets. The first and the last, which are [CLS]
 * and [SEP], are not masked.
 *
 * @param maskToken id of [MASK]
 * @param random uniform in [0, 1)
 */
export function withMaskedTokens(batch: TokenBatch, maskToken: number, random: () => number): TrainingBatch {
  const { length, lengths } = batch;
  const ids = batch.ids.slice();
  const targets = new Int32Array(ids.length).fill(-1);
  for (let sequence = 0; sequence < batch.batch; sequence++) {
    const inner = Math.max(0, (lengths?.[sequence] ?? length) - 2);
    let wanted = Math.max(1, Math.round(MASKED_SHARE * inner));
    for (let offset = 0; offset < inner; offset++) {
      // Every set of positions is equally likely (Knuth, The Art of Computer Programming, algorithm 3.4.2S).
      if (random() * (inner - offset) >= wanted) continue;
      const position = sequence * length + 1 + offset;
      targets[position] = ids[position];
      ids[position] = maskToken;
      wanted--;
    }
  }
  return { ...batch, ids, targets };
}

/** Extracts one sequence of a batch, without its padding. */
export function sequenceOf(batch: TrainingBatch, index: number): TrainingBatch {
  const { ids, length, lengths, tokenTypes, targets } = batch;
  const count = lengths?.[index] ?? length;
  const cut = (values: Int32Array) => values.slice(index * length, index * length + count);
  return {
    ids: cut(ids),
    batch: 1,
    length: count,
    tokenTypes: tokenTypes && cut(tokenTypes),
    targets: targets.length === batch.batch ? targets.slice(index, index + 1) : cut(targets),
  };
}

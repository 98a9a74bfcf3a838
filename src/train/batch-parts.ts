import type { TrainingBatch } from '../model/gradients/sequence-losses';
import type { TokenBatch } from '../model/model';

/** Consecutive sequences of a batch. */
export interface BatchPart {
  readonly batch: TrainingBatch;
  /** Weight of the part's mean loss in the mean of the batch: its share of the targets. */
  readonly share: number;
}

/**
 * Cuts a batch into parts with the same number of sequences; the last may have fewer.
 * @param parts at most the number of sequences
 */
export function partsOf(batch: TrainingBatch, parts: number): readonly BatchPart[] {
  const sequences = Math.ceil(batch.batch / parts);
  const targets = targetCount(batch);
  const cut: BatchPart[] = [];
  for (let start = 0; start < batch.batch; start += sequences) {
    const part = sequencesOf(batch, start, Math.min(batch.batch, start + sequences));
    // Unlabelled sentences, which train on the teacher's logits alone, all have the same weight.
    const share = targets > 0 ? targetCount(part) / targets : part.batch / batch.batch;
    cut.push({ batch: part, share });
  }
  return cut;
}

/** Number of targets in a batch. */
export function targetCount({ targets }: TrainingBatch): number {
  return targets.reduce((count, target) => count + Number(target >= 0), 0);
}

/** Number of tokens in a batch, without padding. */
export function tokenCount({ batch, length, lengths }: TokenBatch): number {
  return lengths?.reduce((sum, count) => sum + count, 0) ?? batch * length;
}

function sequencesOf(batch: TrainingBatch, start: number, end: number): TrainingBatch {
  const { ids, length, lengths, tokenTypes, targets } = batch;
  const rows = targets.length / batch.batch;
  return {
    ids: ids.subarray(start * length, end * length),
    batch: end - start,
    length,
    lengths: lengths?.slice(start, end),
    tokenTypes: tokenTypes?.subarray(start * length, end * length),
    targets: targets.subarray(start * rows, end * rows),
  };
}

import type { TrainingBatch } from '../model/gradients/sequence-losses';
import type { TokenBatch } from '../model/model';

/** Some sequences of a batch. */
export interface BatchPart {
  readonly batch: TrainingBatch;
  /** What its mean loss counts in the mean of the whole: its share of the targets. */
  readonly share: number;
}

/**
 * Cuts a batch into parts of equally many sequences; the last may have fewer.
 * @param parts how many, at most one a sequence
 */
export function partsOf(batch: TrainingBatch, parts: number): readonly BatchPart[] {
  const sequences = Math.ceil(batch.batch / parts);
  const targets = targetCount(batch);
  const cut: BatchPart[] = [];
  for (let start = 0; start < batch.batch; start += sequences) {
    const part = sequencesOf(batch, start, Math.min(batch.batch, start + sequences));
    // Sentences without labels, of which a teacher's logits are all that is learnt, count alike.
    const share = targets > 0 ? targetCount(part) / targets : part.batch / batch.batch;
    cut.push({ batch: part, share });
  }
  return cut;
}

/** Targets that a batch has. */
export function targetCount({ targets }: TrainingBatch): number {
  return targets.reduce((count, target) => count + Number(target >= 0), 0);
}

/** Tokens of a batch that are no padding. */
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

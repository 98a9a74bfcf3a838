import * as tf from '@tensorflow/tfjs';
import type { TokenBatch } from '../../model/model';

const BYTES_PER_LOGIT = 4;

/** Limit of the cached bytes: sixteen windows of 256 tokens with a vocabulary of 4,096 take a quarter of it. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Cache of a base model's logits between evaluations: a variant that is evaluated later on the same text is compared with
 * them without running the base again. Owns the tensors; never evicts, so that the earliest batches stay.
 */
export class BaseLogits {
  private readonly slices = new Map<string, readonly tf.Tensor2D[]>();
  private bytes = 0;

  constructor(private readonly maxBytes = MAX_BYTES) {}

  /** Slices of a batch's logits in order of rows; undefined if not cached. The cache keeps ownership. */
  get(batch: TokenBatch): readonly tf.Tensor2D[] | undefined {
    return this.slices.get(keyOf(batch));
  }

  /** Whether logits of this many rows fit the cache. */
  hasRoomFor(rows: number, vocabularySize: number): boolean {
    return this.bytes + rows * vocabularySize * BYTES_PER_LOGIT <= this.maxBytes;
  }

  /** Adds the slices of a batch and takes ownership of them. */
  add(batch: TokenBatch, slices: readonly tf.Tensor2D[]): void {
    this.slices.set(keyOf(batch), slices);
    this.bytes += slices.reduce((sum, { size }) => sum + size * BYTES_PER_LOGIT, 0);
  }

  dispose(): void {
    tf.dispose([...this.slices.values()].flat());
    this.slices.clear();
    this.bytes = 0;
  }
}

function keyOf({ ids, batch, length, lengths, tokenTypes }: TokenBatch): string {
  return [batch, length, lengths?.join() ?? '', ids.join(), tokenTypes?.join() ?? ''].join(';');
}

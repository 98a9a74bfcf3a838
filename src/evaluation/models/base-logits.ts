import * as tf from '@tensorflow/tfjs';
import type { TokenBatch } from '../../model/model';

const BYTES_PER_LOGIT = 4;

/** Logits are kept up to so many bytes: sixteen windows of 256 tokens at a vocabulary of 4,096 take a quarter of it. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Logits of one base model, kept from one evaluation to the next: a variant that is measured later on the same text is
 * compared with them, and the base does not run again. Owns the tensors; the batches that were kept first stay.
 */
export class BaseLogits {
  private readonly kept = new Map<string, readonly tf.Tensor2D[]>();
  private bytes = 0;

  constructor(private readonly maxBytes = MAX_BYTES) {}

  /** The slices of a batch's logits, rows in order; undefined where they were not kept. They stay this object's. */
  of(batch: TokenBatch): readonly tf.Tensor2D[] | undefined {
    return this.kept.get(keyOf(batch));
  }

  /** Whether logits of so many rows would still be kept. */
  hasRoomFor(rows: number, vocabularySize: number): boolean {
    return this.bytes + rows * vocabularySize * BYTES_PER_LOGIT <= this.maxBytes;
  }

  /** Takes the slices of a batch over. */
  keep(batch: TokenBatch, slices: readonly tf.Tensor2D[]): void {
    this.kept.set(keyOf(batch), slices);
    this.bytes += slices.reduce((sum, { size }) => sum + size * BYTES_PER_LOGIT, 0);
  }

  dispose(): void {
    tf.dispose([...this.kept.values()].flat());
    this.kept.clear();
    this.bytes = 0;
  }
}

function keyOf({ ids, batch, length, lengths, tokenTypes }: TokenBatch): string {
  return [batch, length, lengths?.join() ?? '', ids.join(), tokenTypes?.join() ?? ''].join(';');
}

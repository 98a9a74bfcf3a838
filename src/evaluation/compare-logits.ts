import * as tf from '@tensorflow/tfjs';
import { readFloats, uploadTensor } from '../gpu/transfer';
import { rowRange } from '../kernels/copy-rows';
import { divergence } from '../kernels/divergence';
import { tokenLoss } from '../kernels/token-loss';
import type { Model, TokenBatch } from '../model/model';
import { eachSlice, rowsPerSlice } from './row-slices';

/** What one model predicted at the scored rows of a batch. */
export interface ScoredRows {
  /** Negative log likelihood of each target in nats. */
  readonly losses: number[];
  /** KL(base ‖ model) in nats; empty for the base. */
  readonly kl: number[];
  /** 1 where the base ranks the same token first; empty for the base. */
  readonly sameTop: number[];
}

/**
 * Runs a batch through the base and the variants and scores some rows. The base's logits are made once for all, slice
 * by slice; per-row figures alone are read back.
 *
 * @param targets of each row of the batch; a negative one is not scored
 * @returns the base's scores first, then the variants' in order
 */
export async function scoreBatch(
  base: Model,
  variants: readonly Model[],
  batch: TokenBatch,
  targets: Int32Array,
): Promise<ScoredRows[]> {
  const models = [base, ...variants];
  const scored = Array.from(targets.keys()).filter((row) => targets[row] >= 0);
  const pending = models.map(() => ({
    losses: [] as tf.Tensor[],
    kl: [] as tf.Tensor[],
    sameTop: [] as tf.Tensor[],
  }));
  const hidden = models.map((model) => model.hiddenStates(batch));
  const sliceRows = rowsPerSlice(base.config.vocabularySize);
  eachSlice(hidden[0], sliceRows, (baseSlice, start, count) => {
    const kept = tf.tidy(() => {
      const slice = uploadTensor(targets.subarray(start, start + count), [count]) as tf.Tensor1D;
      const baseLogits = base.head(baseSlice);
      const results: tf.Tensor[][] = [[tokenLoss(baseLogits, slice)]];
      variants.forEach((variant, index) => {
        const logits = variant.head(rowRange(hidden[index + 1], start, count));
        const { kl, sameTop } = divergence(baseLogits, logits);
        results.push([tokenLoss(logits, slice), kl, sameTop]);
      });
      return results;
    });
    kept.forEach(([losses, kl, sameTop], index) => {
      pending[index].losses.push(losses);
      if (kl) pending[index].kl.push(kl);
      if (sameTop) pending[index].sameTop.push(sameTop);
    });
  });
  tf.dispose(hidden);
  const results: ScoredRows[] = [];
  for (const { losses, kl, sameTop } of pending) {
    const pick = (values: number[]) => (values.length > 0 ? scored.map((row) => values[row]) : []);
    results.push({
      losses: pick(await readAll(losses)),
      kl: pick(await readAll(kl)),
      sameTop: pick(await readAll(sameTop)),
    });
  }
  return results;
}

/** Reads tensors one after the other and frees them. */
async function readAll(tensors: tf.Tensor[]): Promise<number[]> {
  const values: number[] = [];
  for (const tensor of tensors) {
    for (const value of await readFloats(tensor)) values.push(value);
    tensor.dispose();
  }
  return values;
}

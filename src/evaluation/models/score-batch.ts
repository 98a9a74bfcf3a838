import * as tf from '@tensorflow/tfjs';
import { readTensorsBytes, uploadTensor } from '../../engines/webgpu/transfer';
import { rowRange } from '../../engines/webgpu/kernels/layers/copy-rows';
import { divergence } from '../../engines/webgpu/kernels/losses/divergence';
import { tokenLoss } from '../../engines/webgpu/kernels/losses/token-loss';
import type { Model, TokenBatch } from '../../model/model';
import type { ScoredRows } from '../evaluation';
import type { BaseLogits } from './base-logits';
import { forEachSlice, rowsPerSlice } from './row-slices';

/**
 * Runs a batch through the base and the variants and scores some rows. The base's logits are computed once for all variants,
 * slice by slice; only per-row figures are read back.
 *
 * @param targets target id of each row; rows with a negative target are not scored
 * @param baseLogits cache that the base's logits are read from or added to
 * @returns the base's scores first, then the variants' in order
 */
export async function scoreBatch(
  base: Model,
  variants: readonly Model[],
  batch: TokenBatch,
  targets: Int32Array,
  baseLogits?: BaseLogits,
): Promise<ScoredRows[]> {
  const scored = Array.from(targets.keys()).filter((row) => targets[row] >= 0);
  const rows = rowsPerSlice(base.config.vocabularySize);
  const hidden: tf.Tensor2D[] = [];
  /** [slice][model][losses, kl, sameTop] */
  const slices: tf.Tensor[][][] = [];
  try {
    for (const variant of variants) hidden.push(variant.hiddenStates(batch));
    forEachBaseSlice(base, batch, rows, baseLogits, (logitsOfBase, start, count) => {
      const figures = tf.tidy(() => {
        const slice = uploadTensor(targets.subarray(start, start + count), [count]);
        const results: tf.Tensor[][] = [[tokenLoss(logitsOfBase, slice)]];
        variants.forEach((variant, index) => {
          const logits = variant.head(rowRange(hidden[index], start, count));
          const { kl, sameTop } = divergence(logitsOfBase, logits);
          results.push([tokenLoss(logits, slice), kl, sameTop]);
        });
        return results;
      });
      slices.push(figures);
    });
    const figuresOfModels = await readSlices(slices, variants.length + 1);
    return figuresOfModels.map((figures) => {
      const [losses, kl, sameTop] = figures.map((values) => scored.map((row) => values[row]));
      return { losses, kl: kl ?? [], sameTop: sameTop ?? [] };
    });
  } finally {
    tf.dispose(hidden);
    tf.dispose(slices.flat(2));
  }
}

type VisitSlice = (logits: tf.Tensor2D, start: number, count: number) => void;

/** Visits the base's logits slice by slice, from the cache or newly computed; new ones are cached if there is room. */
function forEachBaseSlice(
  base: Model,
  batch: TokenBatch,
  rows: number,
  baseLogits: BaseLogits | undefined,
  visit: VisitSlice,
): void {
  const cached = baseLogits?.get(batch);
  if (cached) {
    cached.forEach((logits, index) => visit(logits, index * rows, logits.shape[0]));
    return;
  }
  const isCached = baseLogits?.hasRoomFor(batch.batch * batch.length, base.config.vocabularySize) ?? false;
  const made: tf.Tensor2D[] = [];
  const hidden = base.hiddenStates(batch);
  try {
    forEachSlice(hidden, rows, (slice, start, count) => {
      const logits = base.head(slice);
      made.push(logits);
      visit(logits, start, count);
      if (!isCached) made.pop()!.dispose();
    });
    if (isCached) baseLogits!.add(batch, made.splice(0));
  } finally {
    tf.dispose(made);
    hidden.dispose();
  }
}

/** Reads all figures of a batch back at once: [model][figure][row]. */
async function readSlices(slices: readonly tf.Tensor[][][], models: number): Promise<number[][][]> {
  const buffers = await readTensorsBytes(slices.flat(2));
  const rows: number[][][] = Array.from({ length: models }, () => []);
  let next = 0;
  for (const slice of slices) {
    for (const [model, figures] of slice.entries()) {
      for (const figure of figures.keys()) {
        const values = (rows[model][figure] ??= []);
        for (const value of new Float32Array(buffers[next++])) values.push(value);
      }
    }
  }
  return rows;
}

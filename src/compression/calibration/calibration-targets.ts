import * as tf from '@tensorflow/tfjs';
import { readFloats } from '../../engines/webgpu/transfer';
import type { TrainingBatch } from '../../model/gradients/sequence-losses';
import { withMaskedTokens, withNextTokens } from '../../model/gradients/training-batch';
import type { Model, TokenBatch } from '../../model/model';
import { seeded } from '../../model/generation/sampling';
import type { CalibrationSequences } from './calibration';
import { RecipeError } from '../method';

/** Fixed, so that a recipe always masks the same tokens. */
const MASKING_SEED = 1;

/**
 * The calibration sequences with targets for the loss: the next tokens for a language model, masked tokens for a
 * masked one; for a classifier the labels or, without labels, the model's own predictions.
 *
 * @throws RecipeError where a masked language model's tokenizer has no [MASK]
 */
export async function withTargets(
  model: Model,
  { batches, maskToken }: CalibrationSequences,
): Promise<TrainingBatch[]> {
  const { task } = model.config;
  if (task === 'causal-lm') return batches.map(withNextTokens);
  if (task === 'masked-lm') {
    if (maskToken === undefined) {
      throw new RecipeError(
        'The loss of a masked language model needs a [MASK] token, which this tokenizer lacks; choose a method without gradients.',
      );
    }
    const random = seeded(MASKING_SEED);
    return batches.map((batch) => withMaskedTokens(batch, maskToken, random));
  }
  const labelled: TrainingBatch[] = [];
  for (const batch of batches)
    labelled.push({ ...batch, targets: batch.labels ?? (await likeliestLabels(model, batch)) });
  return labelled;
}

/** The most likely label of each sequence of a batch. */
export async function likeliestLabels(model: Model, batch: TokenBatch): Promise<Int32Array> {
  const logits = model.logits(batch); // [batch, labels]
  const values = await readFloats(logits);
  const labels = logits.shape[1];
  tf.dispose(logits);
  return Int32Array.from({ length: batch.batch }, (_, row) => {
    const ofRow = values.subarray(row * labels, (row + 1) * labels);
    return ofRow.indexOf(Math.max(...ofRow));
  });
}

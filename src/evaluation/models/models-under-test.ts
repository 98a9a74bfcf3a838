import { limitFreeBuffers } from '../../engines/webgpu/memory';
import { readFloats } from '../../engines/webgpu/transfer';
import type { Model, TokenBatch } from '../../model/model';
import type { TextTokenizer } from '../../tokenizer/text-tokenizer';
import type { ModelsUnderTest } from '../evaluation';
import type { BaseLogits } from './base-logits';
import { scoreBatch } from './score-batch';

/**
 * Wraps models on the GPU for evaluations.
 * @param baseLogits cache of the base's logits between evaluations
 */
export function modelsUnderTest(
  base: Model,
  variants: readonly Model[],
  tokenizer: TextTokenizer,
  baseLogits?: BaseLogits,
): ModelsUnderTest {
  let shape = '';
  const beginBatch = ({ batch, length }: TokenBatch) => {
    // Buffers of the last batch are useless for another shape.
    const next = `${batch} ${length}`;
    if (next !== shape) limitFreeBuffers();
    shape = next;
  };
  return {
    config: base.config,
    tokenizer,
    score: (batch, targets, { cacheBase = false } = {}) => {
      beginBatch(batch);
      return scoreBatch(base, variants, batch, targets, cacheBase ? baseLogits : undefined);
    },
    logits: async (batch) => {
      beginBatch(batch);
      const logits: Float32Array[] = [];
      for (const model of [base, ...variants]) {
        const tensor = model.logits(batch);
        logits.push(await readFloats(tensor));
        tensor.dispose();
      }
      return logits;
    },
  };
}

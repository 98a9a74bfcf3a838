import * as tf from '@tensorflow/tfjs';
import { readFloats } from '../../engines/webgpu/transfer';
import type { LongTask } from '../../linalg/long-task';
import type { Model } from '../../model/model';
import { restructure } from '../../model/restructure';
import type { CalibrationBatch, CalibrationSequences } from '../calibration/calibration';
import { withoutPadding } from '../calibration/gather-statistics';

/** Hidden states of one batch along the residual stream. */
interface Stream {
  /** Before each block and after the last: blocks + 1. */
  readonly atBlocks: readonly tf.Tensor2D[];
  /** After the attention of each block. */
  readonly afterAttention: readonly tf.Tensor2D[];
}

/** Mean cosine similarities over the tokens of calibration sequences, by position in the structure. */
export interface StreamSimilarities {
  /** Between each attention's input and output, residual included. */
  readonly attention: readonly number[];
  readonly feedForward: readonly number[];
  /** `blocks[length − 1][start]`: between the input and the output of `length` consecutive blocks from `start` on. */
  readonly blocks: readonly (readonly number[])[];
}

/**
 * Cosine similarity between the input and the output of each part of a model. The greater the similarity, the less is
 * lost without the part (Men et al. 2024, "ShortGPT", equation 1; Gromov et al. 2024, section 3, for consecutive
 * blocks).
 *
 * In a family that normalizes after each sub-layer (BERT) the output of an attention is taken after both
 * normalizations of its block.
 */
export async function streamSimilarities(
  model: Model,
  { batches }: CalibrationSequences,
  { signal, onProgress }: LongTask = {},
): Promise<StreamSimilarities> {
  const { blocks } = model.config.structure;
  const attentionAlone = await restructure(model, {
    ...model.config.structure,
    blocks: blocks.map((block) => ({ ...block, hasFeedForward: false })),
  });
  const sums = new SimilaritySums(blocks.length);
  try {
    for (const [index, batch] of batches.entries()) {
      signal?.throwIfAborted();
      await sums.add(batch, () => runStream(model, attentionAlone, batch));
      onProgress?.((index + 1) / batches.length);
    }
    return sums.means();
  } finally {
    attentionAlone.dispose();
  }
}

function runStream(model: Model, attentionAlone: Model, batch: CalibrationBatch): Stream {
  const count = model.config.structure.blocks.length;
  const atBlocks = [model.embed(batch)];
  const afterAttention: tf.Tensor2D[] = [];
  for (let position = 0; position < count; position++) {
    afterAttention.push(attentionAlone.runBlock(position, atBlocks[position], batch));
    atBlocks.push(model.runBlock(position, atBlocks[position], batch));
  }
  return { atBlocks, afterAttention };
}

/** Sums of cosine similarities of pairs of points of the residual stream, token by token. */
class SimilaritySums {
  private readonly sums: Float64Array;
  private tokens = 0;

  constructor(private readonly count: number) {
    this.sums = new Float64Array(2 * count + (count * (count + 1)) / 2);
  }

  async add(batch: CalibrationBatch, run: () => Stream): Promise<void> {
    const similarities = tf.tidy(() => {
      const { atBlocks, afterAttention } = run();
      const pairs: tf.Tensor1D[] = [];
      for (let position = 0; position < this.count; position++) {
        pairs.push(cosines(atBlocks[position], afterAttention[position]));
        pairs.push(cosines(afterAttention[position], atBlocks[position + 1]));
      }
      for (let length = 1; length <= this.count; length++) {
        for (let start = 0; start + length <= this.count; start++)
          pairs.push(cosines(atBlocks[start], atBlocks[start + length]));
      }
      return tf.stack(pairs.map((pair) => withoutPadding(pair, batch))); // [pairs, tokens]
    });
    const [, tokens] = similarities.shape;
    const values = await readFloats(similarities);
    similarities.dispose();
    values.forEach((value, index) => (this.sums[Math.floor(index / tokens!)] += value));
    this.tokens += tokens!;
  }

  means(): StreamSimilarities {
    const means = Array.from(this.sums, (sum) => sum / this.tokens);
    const ofParts = means.slice(0, 2 * this.count);
    let next = 2 * this.count;
    return {
      attention: ofParts.filter((_, index) => index % 2 === 0),
      feedForward: ofParts.filter((_, index) => index % 2 === 1),
      blocks: Array.from({ length: this.count }, (_, shorter) =>
        Array.from({ length: this.count - shorter }, () => means[next++]),
      ),
    };
  }
}

/** Cosine similarity of each row with its counterpart. */
function cosines(left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor1D {
  const norms = tf.mul(left.square().sum(1), right.square().sum(1)).sqrt();
  return left.mul(right).sum(1).div(norms.maximum(1e-12));
}

import * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { attentionDivergences } from '../../engines/webgpu/kernels/losses/attention-divergence';
import { columnSums } from '../../engines/webgpu/kernels/products/column-sums';
import { tiledProducts } from '../../engines/webgpu/kernels/products/tiled-products';
import type { QueriesAndKeys } from '../queries-and-keys';
import { causalTriangles } from './attention';

/** Keys visible to the queries of a batch. */
export interface SeenKeys {
  /** [batch] int32: tokens of each sequence without padding. */
  readonly keyCounts: tf.Tensor1D;
  /** Whether a token only sees those before it. */
  readonly causal: boolean;
}

/**
 * Σ KL(teacher ‖ student) in nats of softmax(Q Kᵀ / √headWidth) over all heads and all queries except padding (MiniLM, Wang et
 * al. 2020, equation 2, without its means). Only the student's queries and keys receive a gradient.
 *
 * No attention map outlives this op: because the gradient of a sum is known up to a factor, the forward pass already computes
 * the gradients of queries and keys, which are length / headWidth times smaller. This costs one product each for the student's
 * and the teacher's scores and two for the gradient; the student's attention itself takes two and then four.
 *
 * @param heads number per sequence, the same in both models
 */
export function attentionDivergence(
  student: QueriesAndKeys,
  teacher: QueriesAndKeys,
  heads: number,
  { keyCounts, causal }: SeenKeys,
): tf.Scalar {
  const { query, key } = student;
  const { lowerResult, lowerLeft, upperLeft } = causalTriangles(causal);
  const scoresOf = ({ query, key }: QueriesAndKeys) =>
    tiledProducts({ values: query }, { values: key, isTransposed: true }, lowerResult);
  const [y] = differentiableOp(
    { query, key },
    (save) => {
      const { divergences, changes } = attentionDivergences(scoresOf(student), scoresOf(teacher), {
        heads,
        scale: 1 / Math.sqrt(query.shape[2]),
        teacherScale: 1 / Math.sqrt(teacher.query.shape[2]),
        keyCounts,
        causal,
      });
      save([
        tiledProducts({ values: changes }, { values: key }, lowerLeft),
        tiledProducts({ values: changes, isTransposed: true }, { values: query }, upperLeft),
      ]);
      return [tf.sum(columnSums(divergences, 'sums'))];
    },
    ([change], [byQuery, byKey]) => ({
      query: () => tf.mul(byQuery, change),
      key: () => tf.mul(byKey, change),
    }),
  );
  return y as tf.Scalar;
}

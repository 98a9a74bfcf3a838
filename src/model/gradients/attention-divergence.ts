import * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { attentionDivergences } from '../../engines/webgpu/kernels/losses/attention-divergence';
import { columnSums } from '../../engines/webgpu/kernels/products/column-sums';
import { tiledProducts } from '../../engines/webgpu/kernels/products/tiled-products';
import type { QueriesAndKeys } from '../queries-and-keys';
import { causalTriangles } from './attention';

/** Which keys the queries of a batch see. */
export interface SeenKeys {
  /** [batch] int32: tokens of each sequence that are no padding. */
  readonly keyCounts: tf.Tensor1D;
  /** Whether a token sees only those before it. */
  readonly causal: boolean;
}

/**
 * Σ KL(teacher ‖ student) in nats of softmax(Q Kᵀ / √headWidth) over all heads and all queries that are no padding (MiniLM, Wang
 * et al. 2020, equation 2, without its means). The gradient goes to the student's queries and keys only.
 *
 * No map outlives this op, on the tape or off it: as the gradient by a sum is known but for a factor, the forward pass makes what
 * queries and keys get of it, which is length / headWidth times as small. The cost is that of two more products for the student's scores and
 * the teacher's, and two for the gradient, where the student's attention itself takes two and then four.
 *
 * @param heads of each sequence, as many in both
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

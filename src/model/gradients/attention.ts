import * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import {
  type AttentionScores,
  attentionScoresGradient,
  attentionWeights,
} from '../../engines/webgpu/kernels/attention/attention-weights';
import { type HeadLayout, joinHeads, splitHeads } from '../../engines/webgpu/kernels/attention/heads';
import { tiledProducts } from '../../engines/webgpu/kernels/products/tiled-products';

/** Splits activations by head, [batch·length, roles·heads·headWidth] → [batch·heads, length, headWidth] for each role. */
export function headsOf(x: tf.Tensor2D, layout: HeadLayout): tf.Tensor3D[] {
  const heads = x.shape[1] / layout.roles / layout.headWidth;
  return differentiableOp(
    { x },
    () => splitHeads(x, layout),
    (changes) => ({ x: () => joinHeads(changes as tf.Tensor3D[], layout, heads) }),
  ) as tf.Tensor3D[];
}

/** Merges heads, [batch·heads, length, headWidth] → [batch·length, heads·headWidth]. */
export function mergeHeads(x: tf.Tensor3D, heads: number): tf.Tensor2D {
  const [, length, headWidth] = x.shape;
  const layout = { length, headWidth, roles: 1 };
  const [y] = differentiableOp(
    { x },
    () => [joinHeads([x], layout, heads)],
    ([change]) => ({ x: () => splitHeads(change as tf.Tensor2D, layout)[0] }),
  );
  return y as tf.Tensor2D;
}

/** Triangles to skip, because earlier queries never see later keys: half of each square matrix. */
export function causalTriangles(causal: boolean) {
  if (!causal) return {};
  return { lowerResult: 'lower result', lowerLeft: 'lower left', upperLeft: 'upper left' } as const;
}

/**
 * softmax(scale · Q Kᵀ) V of each head, over the keys visible to a query.
 * @param query [batch·heads, length, headWidth], like `key`, `value` and the result
 */
export function attentionOfHeads(
  query: tf.Tensor3D,
  key: tf.Tensor3D,
  value: tf.Tensor3D,
  { keyCounts, ...options }: AttentionScores,
): tf.Tensor3D {
  const { lowerResult, lowerLeft, upperLeft } = causalTriangles(options.causal);
  const [y] = differentiableOp(
    { query, key, value },
    (save) => {
      const scores = tiledProducts({ values: query }, { values: key, isTransposed: true }, lowerResult);
      const weights = attentionWeights(scores, { ...options, keyCounts });
      save([query, key, value, weights, keyCounts]);
      return [tiledProducts({ values: weights }, { values: value }, lowerLeft)];
    },
    ([change], saved) => {
      const [query, key, value, weights] = saved as tf.Tensor3D[];
      const counts = saved[4] as tf.Tensor1D;
      const resultGradient = { values: change as tf.Tensor3D };
      const scoreGradient = tf.tidy(() => {
        const weightGradient = tiledProducts(
          resultGradient,
          { values: value, isTransposed: true },
          lowerResult,
        );
        return attentionScoresGradient(weights, weightGradient, { ...options, keyCounts: counts });
      });
      return {
        query: () => tiledProducts({ values: scoreGradient }, { values: key }, lowerLeft),
        key: () => tiledProducts({ values: scoreGradient, isTransposed: true }, { values: query }, upperLeft),
        value: () => tiledProducts({ values: weights, isTransposed: true }, resultGradient, upperLeft),
      };
    },
  );
  return y as tf.Tensor3D;
}

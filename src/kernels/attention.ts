import type * as tf from '@tensorflow/tfjs';
import { float, runKernel } from '../gpu/run-kernel';
import source from './attention.wgsl?raw';

/** Where the vectors of a role stand within a tensor: one row a token, head 0 beginning at `offset`. */
export interface HeadVectors {
  readonly tensor: tf.Tensor;
  /** Elements of a row. */
  readonly stride: number;
  readonly offset: number;
}

export interface AttentionShape {
  readonly batch: number;
  readonly heads: number;
  readonly headWidth: number;
  /** Queries of each sequence. */
  readonly queryCount: number;
  /** Rows of keys a sequence has room for: from one sequence's first key to the next's. */
  readonly keyRows: number;
  /** Keys before the first query, from a cache. */
  readonly past: number;
  readonly causal: boolean;
}

/**
 * Multi-head attention (Vaswani et al. 2017, section 3.2), scaled by 1/√headWidth.
 * @param keyCounts [batch] int32: keys of each sequence; later rows are padding
 * @returns [batch·queryCount, heads·headWidth]
 */
export function attention(
  queries: HeadVectors,
  keys: HeadVectors,
  values: HeadVectors,
  keyCounts: tf.Tensor1D,
  { batch, heads, headWidth, queryCount, keyRows, past, causal }: AttentionShape,
): tf.Tensor2D {
  const [y] = runKernel(
    {
      name: 'attention',
      source: `const HEAD_WIDTH = ${headWidth}u;\n${source}`,
      constants: { CAUSAL: causal },
    },
    {
      inputs: [queries.tensor, keys.tensor, values.tensor, keyCounts],
      outputs: [{ shape: [batch * queryCount, heads * headWidth], dtype: 'float32' }],
      uniforms: [
        queryCount,
        keyRows,
        past,
        heads,
        queries.stride,
        queries.offset,
        keys.stride,
        keys.offset,
        values.stride,
        values.offset,
        float(1 / Math.sqrt(headWidth)),
      ],
      workgroups: [Math.ceil(queryCount / 64), heads, batch],
    },
  );
  return y as tf.Tensor2D;
}

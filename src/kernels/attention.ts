import type * as tf from '@tensorflow/tfjs';
import { float, runKernel } from '../gpu/run-kernel';
import source from './attention.wgsl?raw';
import fewSource from './attention-few.wgsl?raw';
import { laneWidth, withLanes } from './lanes';
import { unrollLines } from './unroll';

/** Up to so many queries of a sequence, the keys of one query are shared out among a workgroup. */
const FEW_QUERIES = 4;
const FEW_THREADS = 32;
/** Elements of partial sums that a workgroup keeps when it shares keys out: half of the least workgroup memory. */
const PARTIAL_SUMS = 2048;
const MANY_THREADS = 32;

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
  const few = queryCount <= FEW_QUERIES;
  const lane = laneWidth(headWidth);
  const lanes = headWidth / lane;
  const threads = few
    ? Math.max(1, Math.min(FEW_THREADS, Math.floor(PARTIAL_SUMS / headWidth)))
    : MANY_THREADS;
  const text = unrollLines(few ? fewSource : source, lanes);
  const [y] = runKernel(
    {
      name: few ? 'attention-few' : 'attention',
      source: withLanes(`const LANES = ${lanes}u;\nconst THREADS = ${threads}u;\n${text}`, headWidth),
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
        ...[queries, keys, values].flatMap(({ stride, offset }) => [stride / lane, offset / lane]),
        float(1 / Math.sqrt(headWidth)),
      ],
      workgroups: [few ? queryCount : Math.ceil(queryCount / (2 * threads)), heads, batch],
    },
  );
  return y as tf.Tensor2D;
}

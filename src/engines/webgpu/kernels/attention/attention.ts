import type * as tf from '@tensorflow/tfjs';
import { float, type Kernel, runKernel } from '../../run-kernel';
import { kernelMemo } from '../wgsl/kernel-memo';
import fewSource from './attention-few.wgsl?raw';
import header from './attention-header.wgsl?raw';
import { type AttentionTile, attentionTileSource } from './attention-tile';
import { kernelProfile } from '../wgsl/kernel-profile';
import { laneWidth, withLanes } from '../wgsl/lanes';
import { unrollLines } from '../wgsl/unroll';

/** Up to so many queries of a sequence, the keys of one query are shared out among a workgroup. */
const FEW_QUERIES = 4;
const FEW_THREADS = { software: 4, hardware: 32 } as const;
/** Elements of partial sums that a workgroup keeps when it shares keys out: half of the least workgroup memory. */
const PARTIAL_SUMS = 2048;

/** Registers are scarce on GPUs, and threads plenty. */
const HARDWARE_TILE = { threads: 32, queries: 2, exchange: false } as const;
/** Software adapters run subgroups of so many invocations, and reads are what they spend their time on. */
const SOFTWARE_THREADS = 4;
/**
 * Lanes of all queries of an invocation there. More queries share what is read, but the time to compile a kernel grows
 * faster than its text: for heads of 64, SwiftShader took 0.6 s with two queries, 2.2 s with four and 5.2 s with eight.
 */
const LANES_AT_ONCE = 32;

const remember = kernelMemo();

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
  const lane = laneWidth(headWidth);
  const few = queryCount <= FEW_QUERIES;
  const tile = few ? undefined : tileFor(headWidth / lane);
  const kernel = tile ? manyKernel(tile, headWidth, causal) : fewKernel(headWidth, causal);
  const [y] = runKernel(kernel, {
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
    workgroups: [tile ? Math.ceil(queryCount / (tile.threads * tile.queries)) : queryCount, heads, batch],
  });
  return y as tf.Tensor2D;
}

function tileFor(lanes: number): AttentionTile {
  const { name, subgroupLanes } = kernelProfile();
  if (name === 'hardware') return { ...HARDWARE_TILE, lanes };
  return {
    threads: SOFTWARE_THREADS,
    queries: Math.min(Math.max(2, Math.floor(LANES_AT_ONCE / lanes)), 8),
    exchange: subgroupLanes === SOFTWARE_THREADS,
    lanes,
  };
}

function manyKernel(tile: AttentionTile, headWidth: number, causal: boolean): Kernel {
  const { threads, queries, exchange } = tile;
  return remember(`many ${headWidth} ${causal} ${threads} ${queries} ${exchange}`, () => ({
    ...kernelOf('attention', attentionTileSource(tile), headWidth, causal),
    enable: exchange ? ['subgroups'] : undefined,
  }));
}

function fewKernel(headWidth: number, causal: boolean): Kernel {
  const most = FEW_THREADS[kernelProfile().name];
  const threads = Math.max(1, Math.min(most, Math.floor(PARTIAL_SUMS / headWidth)));
  return remember(`few ${headWidth} ${causal} ${threads}`, () => {
    const text = unrollLines(fewSource, headWidth / laneWidth(headWidth));
    return kernelOf('attention-few', `const THREADS = ${threads}u;\n${text}`, headWidth, causal);
  });
}

function kernelOf(name: string, text: string, headWidth: number, causal: boolean): Kernel {
  const constants = { CAUSAL: causal };
  const lanes = `const LANES = ${headWidth / laneWidth(headWidth)}u;`;
  return { name, constants, source: withLanes(`${lanes}\n${header}\n${text}`, headWidth) };
}

import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import fewBody from './attention-few.wgsl?raw';
import header from './attention-header.wgsl?raw';
import { type AttentionTile, attentionTileSource } from './attention-tile';
import { kernelProfile } from '../wgsl/kernel-profile';
import { laneWidth, lanesSource } from '../wgsl/lanes';
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

type HeadConfig = { headWidth: number; causal: boolean };

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
  const kernel = tile
    ? manyKernel({ headWidth, causal, ...tile })
    : fewKernel({ headWidth, causal, threads: fewThreads(headWidth) });
  return kernel.run({
    inputs: { queries: queries.tensor, keys: keys.tensor, values: values.tensor, keyCounts },
    outputs: { y: [batch * queryCount, heads * headWidth] },
    uniforms: {
      queryCount,
      keyRows,
      past,
      heads,
      queryStride: queries.stride / lane,
      queryOffset: queries.offset / lane,
      keyStride: keys.stride / lane,
      keyOffset: keys.offset / lane,
      valueStride: values.stride / lane,
      valueOffset: values.offset / lane,
      scale: 1 / Math.sqrt(headWidth),
    },
    workgroups: [tile ? Math.ceil(queryCount / (tile.threads * tile.queries)) : queryCount, heads, batch],
  }).y;
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

const manyKernel = kernelFamily(({ headWidth, causal, ...tile }: AttentionTile & HeadConfig) =>
  attentionKernel(
    { headWidth, causal },
    {
      name: 'attention',
      enable: tile.exchange ? ['subgroups'] : [],
      body: attentionTileSource(tile),
    },
  ),
);

const fewKernel = kernelFamily(({ headWidth, causal, threads }: HeadConfig & { threads: number }) =>
  attentionKernel(
    { headWidth, causal },
    {
      name: 'attention-few',
      constants: { THREADS: threads },
      body: unrollLines(fewBody, headWidth / laneWidth(headWidth)),
    },
  ),
);

function fewThreads(headWidth: number): number {
  const most = FEW_THREADS[kernelProfile().name];
  return Math.max(1, Math.min(most, Math.floor(PARTIAL_SUMS / headWidth)));
}

/** What both kernels read and write. */
function attentionKernel(
  { headWidth, causal }: HeadConfig,
  text: { name: string; constants?: Record<string, number>; enable?: string[]; body: string },
) {
  const lane = laneWidth(headWidth);
  return defineKernel({
    ...text,
    inputs: {
      queries: 'array<Lane>',
      keys: 'array<Lane>',
      values: 'array<Lane>',
      /** Keys that each sequence of the batch has. */
      keyCounts: 'array<i32>',
    },
    outputs: { y: 'array<Lane>' },
    uniforms: {
      /** Queries of each sequence. */
      queryCount: 'u32',
      /** Rows between the first keys of two sequences. */
      keyRows: 'u32',
      /** Position of the first query among the keys (the length of the cache before it). */
      past: 'u32',
      heads: 'u32',
      // Lanes from one token to the next, and where head 0 begins, in each tensor.
      queryStride: 'u32',
      queryOffset: 'u32',
      keyStride: 'u32',
      keyOffset: 'u32',
      valueStride: 'u32',
      valueOffset: 'u32',
      scale: 'f32',
    },
    constants: { ...text.constants, CAUSAL: causal, LANES: headWidth / lane },
    body: [lanesSource(lane), header, text.body],
  });
}

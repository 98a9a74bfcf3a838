import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import fewBody from './attention-few.wgsl?raw';
import header from './attention-header.wgsl?raw';
import { type AttentionTile, attentionTileSource } from './attention-tile';
import { kernelProfile } from '../wgsl/kernel-profile';
import { laneWidth, lanesSource } from '../wgsl/lanes';
import { unrollLines } from '../wgsl/unroll';

/** Maximum number of queries per sequence for which each query's keys are split among a workgroup. */
const FEW_QUERIES = 4;
const FEW_THREADS = { software: 4, hardware: 32 } as const;
/** Elements of partial sums in workgroup memory when keys are split: half of the guaranteed size. */
const PARTIAL_SUMS = 2048;

/** GPUs have few registers and many threads. */
const HARDWARE_TILE = { threads: 32, queries: 2, exchange: false } as const;
/** Subgroup size on software adapters, where reads dominate the time. */
const SOFTWARE_THREADS = 4;
/**
 * Lanes of all queries of an invocation on software adapters. More queries share reads, but compile time grows faster than
 * the kernel's text: for heads of 64, SwiftShader took 0.6 s with two queries, 2.2 s with four and 5.2 s with eight.
 */
const LANES_AT_ONCE = 32;

/** Location of queries, keys or values in a tensor: one row per token, head 0 beginning at `offset`. */
export interface HeadVectors {
  readonly tensor: tf.Tensor;
  /** Elements per row. */
  readonly stride: number;
  readonly offset: number;
}

export interface AttentionShape {
  readonly batch: number;
  readonly heads: number;
  readonly headWidth: number;
  /** Queries per sequence. */
  readonly queryCount: number;
  /** Capacity of keys per sequence, the row offset from one sequence's first key to the next. */
  readonly keyRows: number;
  /** Number of cached keys before the first query. */
  readonly past: number;
  readonly causal: boolean;
}

type HeadConfig = { headWidth: number; causal: boolean };

/**
 * Multi-head attention (Vaswani et al. 2017, section 3.2), scaled by 1/√headWidth.
 * @param keyCounts [batch] int32: number of keys of each sequence; later rows are padding
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

/** Buffers and uniforms of both kernels. */
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
      /** Number of keys of each sequence. */
      keyCounts: 'array<i32>',
    },
    outputs: { y: 'array<Lane>' },
    uniforms: {
      /** Queries per sequence. */
      queryCount: 'u32',
      /** Rows between the first keys of consecutive sequences. */
      keyRows: 'u32',
      /** Position of the first query among the keys (the previous length of the cache). */
      past: 'u32',
      heads: 'u32',
      // Stride from token to token, and offset of head 0, in lanes, for each tensor.
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

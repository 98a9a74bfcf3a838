import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { kernelProfile } from '../wgsl/kernel-profile';
import { laneWidth, lanesSource } from '../wgsl/lanes';
import { unrollLines } from '../wgsl/unroll';

/** Elements of partial sums in workgroup memory: half of the guaranteed size. */
const PARTIAL_SUMS = 2048;
const MOST_THREADS = 64;

/** Keys and values of one layer: [capacity, heads·headWidth] each. */
export interface LayerKeysAndValues {
  readonly keys: tf.Tensor2D;
  readonly values: tf.Tensor2D;
}

/**
 * WGSL for one workgroup per head. It appends the head's key and value to the cache; its lanes then iterate over the keys in
 * turn, each with its own online softmax (Milakov and Gimelshein 2018), and the partial results are merged. Values that
 * change from token to token are read from `lengths`, so that the launch can be recorded once and replayed. Lines with a
 * dollar sign are repeated for each lane of a head (four columns, or one).
 * @param thread builtin that numbers the invocations of the workgroup; @param merge WGSL that merges the partial results
 */
const mainSource = (thread: string, merge: string) => `
// Far below any score, yet finite: WGSL need not know infinity.
const MASKED = -1e30;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(${thread}) thread: u32) {
  let start = workgroup.x * LANES;
  let length = u32(lengths[0]);
  let newRow = (length - 1u) * uniforms.rowLanes + start;
  for (var lane = thread; lane < LANES; lane += THREADS) {
    keys[newRow + lane] = qkv[uniforms.rowLanes + start + lane];
    values[newRow + lane] = qkv[2u * uniforms.rowLanes + start + lane];
  }
  storageBarrier();
  let q$ = qkv[start + $u] * uniforms.scale;
  var sum$ = Lane();
  var greatest = MASKED;
  var total = 0.0;
  for (var position = thread; position < length; position += THREADS) {
    let row = position * uniforms.rowLanes + start;
    var products = Lane();
    products += q$ * keys[row + $u];
    let score = horizontal(products);
    let newGreatest = max(greatest, score);
    let correction = exp(greatest - newGreatest);
    let weight = exp(score - newGreatest);
    total = total * correction + weight;
    greatest = newGreatest;
    sum$ = sum$ * correction + weight * values[row + $u];
  }
${merge}
}`;

/** Merges the lanes' partial results by subgroup operations. */
const MERGE_BY_SUBGROUP = `
  let all = subgroupMax(greatest);
  let share = exp(greatest - all);
  let factor = 1.0 / subgroupAdd(total * share);
  let merged$ = subgroupAdd(sum$ * share) * factor;
  if (thread == $u % THREADS) { y[start + $u] = merged$; }`;

/** Merges the partial results through workgroup memory. */
const MERGE_BY_WORKGROUP = `
  partGreatest[thread] = greatest;
  partTotal[thread] = total;
  partSum[thread * LANES + $u] = sum$;
  workgroupBarrier();
  var all = MASKED;
  for (var part = 0u; part < THREADS; part++) {
    all = max(all, partGreatest[part]);
  }
  for (var lane = thread; lane < LANES; lane += THREADS) {
    var merged = Lane();
    var mergedTotal = 0.0;
    for (var part = 0u; part < THREADS; part++) {
      let share = exp(partGreatest[part] - all);
      merged += share * partSum[part * LANES + lane];
      mergedTotal += share * partTotal[part];
    }
    y[start + lane] = merged / mergedTotal;
  }`;

const WORKGROUP_MEMORY = `
var<workgroup> partGreatest: array<f32, THREADS>;
var<workgroup> partTotal: array<f32, THREADS>;
var<workgroup> partSum: array<Lane, THREADS * LANES>;`;

/**
 * Causal multi-head attention (Vaswani et al. 2017, section 3.2) of the newest token, whose key and value are appended to the
 * cache.
 * @param qkv [1, 3·heads·headWidth]: query, key and value of the new token
 * @param lengths [1] int32: tokens of the sequence, including the new one
 * @returns [1, heads·headWidth]
 */
export function cachedAttention(
  qkv: tf.Tensor2D,
  { keys, values }: LayerKeysAndValues,
  lengths: tf.Tensor1D,
  heads: number,
): tf.Tensor2D {
  const width = keys.shape[1];
  const headWidth = width / heads;
  return kernelFor(headWidth).run({
    inputs: { qkv, lengths },
    outputs: { keys, values, y: [1, width] },
    uniforms: { rowLanes: width / laneWidth(headWidth), scale: 1 / Math.sqrt(headWidth) },
    workgroups: [heads],
  }).y;
}

function kernelFor(headWidth: number) {
  const { name, subgroupLanes } = kernelProfile();
  // GPUs need more threads than one subgroup to hide the latency of reads.
  const bySubgroup = name === 'software' && subgroupLanes !== undefined;
  const threads = bySubgroup ? subgroupLanes : mostThreads(name, headWidth);
  return kernelOf({ headWidth, threads, bySubgroup });
}

function mostThreads(profile: string, headWidth: number): number {
  const most = profile === 'software' ? 4 : MOST_THREADS;
  return Math.max(1, Math.min(most, Math.floor(PARTIAL_SUMS / headWidth)));
}

const kernelOf = kernelFamily(
  ({ headWidth, threads, bySubgroup }: { headWidth: number; threads: number; bySubgroup: boolean }) => {
    const lane = laneWidth(headWidth);
    const lanes = headWidth / lane;
    return defineKernel({
      name: 'cached-attention',
      inputs: {
        qkv: 'array<Lane>',
        /** Tokens of the sequence, including the new one. */
        lengths: 'array<i32>',
      },
      outputs: { keys: 'array<Lane>', values: 'array<Lane>', y: 'array<Lane>' },
      uniforms: {
        /** Lanes of a row of keys, over all heads. */
        rowLanes: 'u32',
        scale: 'f32',
      },
      constants: { LANES: lanes, THREADS: threads },
      enable: bySubgroup ? ['subgroups'] : [],
      body: [
        lanesSource(lane),
        bySubgroup ? '' : WORKGROUP_MEMORY,
        unrollLines(
          bySubgroup
            ? mainSource('subgroup_invocation_id', MERGE_BY_SUBGROUP)
            : mainSource('local_invocation_index', MERGE_BY_WORKGROUP),
          lanes,
        ),
      ],
    });
  },
);

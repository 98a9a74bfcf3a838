import type * as tf from '@tensorflow/tfjs';
import { float, type Kernel, runKernel } from '../../run-kernel';
import { kernelMemo } from '../wgsl/kernel-memo';
import source from './cached-attention.wgsl?raw';
import { kernelProfile } from '../wgsl/kernel-profile';
import { laneWidth, withLanes } from '../wgsl/lanes';
import { unrollLines } from '../wgsl/unroll';

/** Elements of partial sums that a workgroup keeps: half of the least workgroup memory. */
const PARTIAL_SUMS = 2048;
const MOST_THREADS = 64;

/** Keys and values of one layer: [capacity, heads·headWidth] each. */
export interface LayerKeysAndValues {
  readonly keys: tf.Tensor2D;
  readonly values: tf.Tensor2D;
}

/** The parts of a subgroup's lanes are merged by subgroup operations. */
const MERGE_BY_SUBGROUP = `
  let all = subgroupMax(greatest);
  let share = exp(greatest - all);
  let factor = 1.0 / subgroupAdd(total * share);
  let merged$ = subgroupAdd(sum$ * share) * factor;
  if (thread == $u % THREADS) { y[start + $u] = merged$; }`;

/** The parts of any workgroup are merged through its memory. */
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

const remember = kernelMemo();

/**
 * Causal multi-head attention (Vaswani et al. 2017, section 3.2) of the newest token, whose key and value it
 * writes into the cache.
 * @param qkv [1, 3·heads·headWidth]: query, key and value of the new token
 * @param lengths [1] int32: tokens of the sequence, the new one included
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
  const [, , y] = runKernel(kernelFor(headWidth), {
    inputs: [qkv, lengths],
    outputs: [keys, values, { shape: [1, width], dtype: 'float32' }],
    uniforms: [width / laneWidth(headWidth), float(1 / Math.sqrt(headWidth))],
    workgroups: [heads],
  });
  return y as tf.Tensor2D;
}

function kernelFor(headWidth: number): Kernel {
  const { name, subgroupLanes } = kernelProfile();
  // A GPU hides the latency of its reads behind more threads than one subgroup has.
  const bySubgroup = name === 'software' && subgroupLanes !== undefined;
  const threads = bySubgroup ? subgroupLanes : mostThreads(name, headWidth);
  const key = `${headWidth} ${threads} ${bySubgroup}`;
  return remember(key, () => makeKernel(headWidth, threads, bySubgroup));
}

function mostThreads(profile: string, headWidth: number): number {
  const most = profile === 'software' ? 4 : MOST_THREADS;
  return Math.max(1, Math.min(most, Math.floor(PARTIAL_SUMS / headWidth)));
}

function makeKernel(headWidth: number, threads: number, bySubgroup: boolean): Kernel {
  const lanes = headWidth / laneWidth(headWidth);
  const text = source
    .replace('MERGE', bySubgroup ? MERGE_BY_SUBGROUP : MERGE_BY_WORKGROUP)
    .replace(
      'LANE_INDEX',
      bySubgroup ? '@builtin(subgroup_invocation_id)' : '@builtin(local_invocation_index)',
    );
  const constants = `const LANES = ${lanes}u;\nconst THREADS = ${threads}u;`;
  const memory = bySubgroup ? '' : WORKGROUP_MEMORY;
  return {
    name: 'cached-attention',
    source: withLanes(`${constants}\n${memory}\n${unrollLines(text, lanes)}`, headWidth),
    enable: bySubgroup ? ['subgroups'] : undefined,
  };
}

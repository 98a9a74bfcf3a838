import * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import { uploadTensor } from '../../transfer';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { laneWidth, type LaneWidth, lanesSource } from '../wgsl/lanes';
import body from './rows-by-id.wgsl?raw';

/** Maximum rows summed by one invocation; a common token occurs hundreds of times and would delay all others. */
const LONGEST_SEGMENT = 64;

/** Segments of a list: segment s goes from `starts[s]` to `starts[s + 1]`, exclusive. */
interface Segments {
  readonly order: Int32Array;
  readonly starts: Int32Array;
}

const kernelOf = kernelFamily(({ lane }: { lane: LaneWidth }) =>
  elementKernel(
    {
      name: 'rows-by-id',
      inputs: { x: 'array<Lane>', order: 'array<u32>', starts: 'array<u32>' },
      outputs: { y: 'array<Lane>' },
      uniforms: {
        segments: 'u32',
        /** Lanes per row. */
        lanes: 'u32',
      },
      body: [lanesSource(lane), body],
    },
    'uniforms.segments * uniforms.lanes',
  ),
);

/**
 * Sums rows with the same id: y[id] = Σ x[n] over all n with ids[n] = id. The order is fixed, so that the same run gives the
 * same bits.
 * @param x [ids, width]
 * @param count number of possible ids
 * @returns [count, width]
 * @throws Error if an id is outside 0 … count − 1
 */
export function sumRowsById(x: tf.Tensor2D, ids: Int32Array, count: number): tf.Tensor2D {
  const byId = occurrences(ids, count);
  const parts = split(byId.starts);
  if (!parts) return segmentSums(x, byId);
  return tf.tidy(() =>
    segmentSums(segmentSums(x, { order: byId.order, starts: parts.inner }), {
      order: Int32Array.from(parts.inner.keys()),
      starts: parts.outer,
    }),
  );
}

/** Positions of each id in the list, in order. */
function occurrences(ids: Int32Array, count: number): Segments {
  const starts = new Int32Array(count + 1);
  for (const id of ids) {
    if (id < 0 || id >= count) throw new Error(`Row ${id} is asked for of a matrix of ${count} rows.`);
    starts[id + 1]++;
  }
  for (let id = 0; id < count; id++) starts[id + 1] += starts[id];
  const next = starts.slice();
  const order = new Int32Array(ids.length);
  ids.forEach((id, n) => (order[next[id]++] = n));
  return { order, starts };
}

/** Splits long segments: `inner` has the pieces, `outer` groups them into segments; undefined if none is long. */
function split(starts: Int32Array): { inner: Int32Array; outer: Int32Array } | undefined {
  const inner: number[] = [0];
  const outer = new Int32Array(starts.length);
  let isLong = false;
  for (let segment = 0; segment + 1 < starts.length; segment++) {
    const end = starts[segment + 1];
    isLong ||= end - starts[segment] > LONGEST_SEGMENT;
    for (let start = starts[segment]; start < end; start += LONGEST_SEGMENT)
      inner.push(Math.min(start + LONGEST_SEGMENT, end));
    outer[segment + 1] = inner.length - 1;
  }
  return isLong ? { inner: Int32Array.from(inner), outer } : undefined;
}

function segmentSums(x: tf.Tensor2D, { order, starts }: Segments): tf.Tensor2D {
  const width = x.shape[1];
  const segments = starts.length - 1;
  const lane = laneWidth(width);
  const lanes = width / lane;
  const lists = { order: uploadTensor(order, [order.length]), starts: uploadTensor(starts, [starts.length]) };
  const { y } = kernelOf({ lane }).run({
    inputs: { x, ...lists },
    outputs: { y: [segments, width] },
    uniforms: { segments, lanes },
    workgroups: workgroupsOf(segments * lanes),
  });
  tf.dispose(lists);
  return y;
}

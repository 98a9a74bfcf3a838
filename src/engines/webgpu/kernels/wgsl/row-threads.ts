import { currentGpu } from '../../device';
import { foldWorkgroups } from './fold-workgroups';
import { kernelProfile } from './kernel-profile';
import mainSource from './row-threads.wgsl?raw';

/**
 * Invocations per row, for rows that are reduced and then read again. On GPUs several share a row, so that adjacent
 * invocations read adjacent words; on software adapters a barrier costs more than a row of a few hundred values.
 */
const SPLIT = {
  hardware: { threads: 32, rows: 4 },
  software: { threads: 1, rows: 64 },
} as const;

/** Kind of device that rows are split for. */
export type RowSplit = keyof typeof SPLIT;

/** Split for the device, part of a kernel's configuration, and the workgroups that cover this many rows. */
export function rowThreads(rows: number): { split: RowSplit; workgroups: [number, number] } {
  const { name } = kernelProfile();
  const limit = currentGpu().device.limits.maxComputeWorkgroupsPerDimension;
  return { split: name, workgroups: foldWorkgroups(Math.ceil(rows / SPLIT[name].rows), limit) };
}

/**
 * WGSL of `main`, which calls `fn ofRow(row: u32, thread: u32, local: u32)` for each row in THREADS invocations, and of
 * `overRow(local: u32, value: f32) -> f32` and `greatestOverRow`, the sum and the maximum over a row's invocations.
 * `uniforms.rows` is the number of rows; invocations past the end repeat the last row and write the same values.
 */
export function rowThreadsSource(split: RowSplit): string {
  const { threads, rows } = SPLIT[split];
  return `const THREADS = ${threads}u;
const ROWS = ${rows}u;
${threads === 1 ? `${alone('overRow')}\n${alone('greatestOverRow')}` : BY_WORKGROUP}
${mainSource}`;
}

const alone = (name: string) => `fn ${name}(local: u32, value: f32) -> f32 { return value; }`;

function gathered(name: string, combined: string): string {
  return `fn ${name}(local: u32, value: f32) -> f32 {
  parts[local] = value;
  workgroupBarrier();
  let first = local / THREADS * THREADS;
  var result = parts[first];
  for (var part = first + 1u; part < first + THREADS; part++) {
    result = ${combined};
  }
  workgroupBarrier();
  return result;
}`;
}

const BY_WORKGROUP = `var<workgroup> parts: array<f32, THREADS * ROWS>;
${gathered('overRow', 'result + parts[part]')}
${gathered('greatestOverRow', 'max(result, parts[part])')}`;

import { currentGpu } from '../../device';
import { foldWorkgroups } from './fold-workgroups';
import { kernelProfile } from './kernel-profile';
import mainSource from './row-threads.wgsl?raw';

/**
 * How rows of a matrix are shared out where each is summed up and gone through again. A GPU wants neighbouring invocations at
 * neighbouring words, so several share a row; a software adapter pays more for a barrier than for a row of a few hundred.
 */
const SPLIT = {
  hardware: { threads: 32, rows: 4 },
  software: { threads: 1, rows: 64 },
} as const;

/** How the device at hand has rows shared out. */
export type RowSplit = keyof typeof SPLIT;

/** The device's split, part of a kernel's configuration, and the workgroups that cover so many rows. */
export function rowThreads(rows: number): { split: RowSplit; workgroups: [number, number] } {
  const { name } = kernelProfile();
  const limit = currentGpu().device.limits.maxComputeWorkgroupsPerDimension;
  return { split: name, workgroups: foldWorkgroups(Math.ceil(rows / SPLIT[name].rows), limit) };
}

/**
 * WGSL of `main`, which calls `fn ofRow(row: u32, thread: u32, local: u32)` for each row by THREADS invocations, and of
 * `overRow(local: u32, value: f32) -> f32` and `greatestOverRow`, the sum and the maximum of what the invocations of a row
 * have. `uniforms.rows` counts the rows; past the last one it is gone through again, and written the same.
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

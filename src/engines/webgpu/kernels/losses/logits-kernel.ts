import { type Kernel } from '../../run-kernel';
import { elementKernel } from '../wgsl/element-kernel';
import { declareInputs } from '../wgsl/epilogue';
import { kernelMemo } from '../wgsl/kernel-memo';
import { laneWidth, withLanes } from '../wgsl/lanes';
import { rowThreadsSource } from '../wgsl/row-threads';

/** A kernel over logits [rows, vocabulary]: row by row with `row-threads`, or lane by lane. */
export interface LogitsKernel {
  readonly name: string;
  /** Matrices of logits; WGSL reads lanes by their names, `<name>At(index: u32) -> f32` single values. */
  readonly logits: readonly string[];
  /** Further buffers, with their WGSL types, in the order of the bindings. */
  readonly inputs: readonly { readonly name: string; readonly type: string }[];
  readonly outputs: readonly { readonly name: string; readonly type: string }[];
  /** Members of the uniforms after `rows` and `width`, with their WGSL types. */
  readonly uniforms: readonly string[];
  /** WGSL of `fn ofRow(row: u32, thread: u32, local: u32)`, or of `fn element(index: u32)`, which a lane is. */
  readonly source: string;
  readonly isByRow: boolean;
}

const remember = kernelMemo();

/** @param width vocabulary; @param key of the split of the rows, where the kernel goes by row */
export function logitsKernel(description: LogitsKernel, width: number, key = ''): Kernel {
  return remember(`${description.name} ${laneWidth(width)} ${key}`, () => makeKernel(description, width));
}

function makeKernel(
  { name, logits, inputs, outputs, uniforms, source, isByRow }: LogitsKernel,
  width: number,
): Kernel {
  const lane = laneWidth(width);
  const read = [...logits.map((matrix) => ({ name: matrix, type: 'array<Lane>' })), ...inputs];
  const written = outputs.map(
    (output, index) =>
      `@group(0) @binding(${read.length + index}) var<storage, read_write> ${output.name}: ${output.type};`,
  );
  const single = lane === 4 ? '[index / 4u][index % 4u]' : '[index]';
  const kernel = {
    name,
    source: withLanes(
      [
        `const LANE_COLUMNS = ${lane}u;`,
        declareInputs(read),
        ...written,
        `struct Uniforms { ${['rows: u32', 'width: u32', ...uniforms].join(', ')} }`,
        `@group(0) @binding(${read.length + written.length}) var<uniform> uniforms: Uniforms;`,
        ...logits.map((matrix) => `fn ${matrix}At(index: u32) -> f32 { return ${matrix}${single}; }`),
        LANE_FUNCTIONS[lane],
        source,
        isByRow ? rowThreadsSource() : '',
      ].join('\n'),
      width,
    ),
  };
  return isByRow ? kernel : elementKernel(kernel, 'uniforms.rows * (uniforms.width / LANE_COLUMNS)');
}

/** `greatestOf` a lane's values; `oneHot`: 1 where a lane that begins at a column holds the target, else 0. */
const LANE_FUNCTIONS = {
  4: `fn greatestOf(lane: Lane) -> f32 { return max(max(lane.x, lane.y), max(lane.z, lane.w)); }
fn oneHot(column: u32, label: i32) -> Lane {
  return select(vec4f(), vec4f(1.0), vec4i(i32(column)) + vec4i(0, 1, 2, 3) == vec4i(label));
}`,
  1: `fn greatestOf(lane: Lane) -> f32 { return lane; }
fn oneHot(column: u32, label: i32) -> Lane { return select(0.0, 1.0, i32(column) == label); }`,
} as const;

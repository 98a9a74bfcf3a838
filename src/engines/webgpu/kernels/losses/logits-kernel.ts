import { type Buffers, defineKernel, type Kernel, type Scalars } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { elementKernel } from '../wgsl/element-kernel';
import { type LaneWidth, lanesSource } from '../wgsl/lanes';
import { type RowSplit, rowThreadsSource } from '../wgsl/row-threads';

/** Kernel over logits [rows, vocabulary]. */
export interface LogitsKernel<Inputs extends Buffers, Outputs extends Buffers, Uniforms extends Scalars> {
  readonly name: string;
  /** Inputs that are matrices of logits, `array<Lane>`; WGSL reads single values by `<name>At(index: u32) -> f32`. */
  readonly logits: readonly (keyof Inputs & string)[];
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  /** Uniforms after `rows` and `width`. */
  readonly uniforms: Uniforms;
  readonly body: readonly string[];
}

/** Rows and width of the logits, and further uniforms of the loss. */
export type LogitsUniforms<Uniforms extends Scalars> = { rows: 'u32'; width: 'u32' } & Uniforms;

/**
 * Creates a kernel that processes rows with `row-threads`; the body defines `fn ofRow(row: u32, thread: u32, local: u32)`.
 */
export function kernelByRow<Inputs extends Buffers, Outputs extends Buffers, Uniforms extends Scalars>(
  kernel: LogitsKernel<Inputs, Outputs, Uniforms>,
): (config: { lane: LaneWidth; split: RowSplit }) => Kernel<Inputs, Outputs, LogitsUniforms<Uniforms>> {
  return kernelFamily(({ lane, split }) => {
    const definition = definitionOf(kernel, lane);
    return defineKernel({ ...definition, body: [...definition.body, rowThreadsSource(split)] });
  });
}

/** Creates a kernel that processes lanes; the body defines `fn element(index: u32)`. */
export function kernelByLane<Inputs extends Buffers, Outputs extends Buffers, Uniforms extends Scalars>(
  kernel: LogitsKernel<Inputs, Outputs, Uniforms>,
): (config: { lane: LaneWidth }) => Kernel<Inputs, Outputs, LogitsUniforms<Uniforms>> {
  return kernelFamily(({ lane }) =>
    elementKernel(definitionOf(kernel, lane), 'uniforms.rows * (uniforms.width / LANE_COLUMNS)'),
  );
}

function definitionOf<Inputs extends Buffers, Outputs extends Buffers, Uniforms extends Scalars>(
  { name, logits, inputs, outputs, uniforms, body }: LogitsKernel<Inputs, Outputs, Uniforms>,
  lane: LaneWidth,
) {
  const single = lane === 4 ? '[index / 4u][index % 4u]' : '[index]';
  const members: LogitsUniforms<Uniforms> = { rows: 'u32', width: 'u32', ...uniforms };
  return {
    name,
    inputs,
    outputs,
    uniforms: members,
    body: [
      lanesSource(lane),
      ...logits.map((matrix) => `fn ${matrix}At(index: u32) -> f32 { return ${matrix}${single}; }`),
      LANE_FUNCTIONS[lane],
      ...body,
    ],
  };
}

/** `greatestOf`: maximum of a lane; `oneHot`: 1 where a lane that begins at a column holds the target, else 0. */
const LANE_FUNCTIONS = {
  4: `fn greatestOf(lane: Lane) -> f32 { return max(max(lane.x, lane.y), max(lane.z, lane.w)); }
fn oneHot(column: u32, label: i32) -> Lane {
  return select(vec4f(), vec4f(1.0), vec4i(i32(column)) + vec4i(0, 1, 2, 3) == vec4i(label));
}`,
  1: `fn greatestOf(lane: Lane) -> f32 { return lane; }
fn oneHot(column: u32, label: i32) -> Lane { return select(0.0, 1.0, i32(column) == label); }`,
} as const;

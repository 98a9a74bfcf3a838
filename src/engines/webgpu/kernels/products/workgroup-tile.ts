import type { Kernel } from '../../run-kernel';
import tiledSource from './dense-matmul.wgsl?raw';
import {
  declareInputs,
  type Epilogue,
  epilogueInputs,
  epilogueSource,
  type InputBinding,
} from '../wgsl/epilogue';
import { laneWidth, withLanes } from '../wgsl/lanes';
import { PRODUCT_UNIFORMS } from '../wgsl/product-uniforms';

/** Tokens and outputs that a workgroup makes. */
export const WORKGROUP_TILE = 64;

/** A float32 matrix as the tiles of GPUs take it. */
export interface LaneForm {
  readonly name: string;
  /** Those besides x, the first of them the matrix: `w`. */
  readonly inputs: readonly Omit<InputBinding, 'tensor'>[];
  /** WGSL of `rowStart(row: u32, tile: u32) -> u32`: where a row begins for a tile of tokens, in lanes. */
  readonly rowStart: string;
  /** WGSL of where the bias of `output` at element `index` of the result stands; default `output`. */
  readonly biasIndex?: string;
}

/**
 * The kernel of x · Wᵀ for many tokens on GPUs: tiles of both matrices are brought to workgroup memory.
 * Inputs: x, then the form's, then the epilogue's.
 */
export function workgroupTileKernel(form: LaneForm, width: number, epilogue: Epilogue): Kernel {
  const inputs = [{ name: 'x', type: laneArray(width) }, ...form.inputs, ...epilogueInputs(epilogue)];
  return {
    name: `${form.name}-matmul`,
    source: withLanes(
      `${declareInputs(inputs)}
@group(0) @binding(${inputs.length}) var<storage, read_write> y: array<f32>;
${PRODUCT_UNIFORMS}
@group(0) @binding(${inputs.length + 1}) var<uniform> uniforms: Uniforms;
${form.rowStart}
${epilogueSource(epilogue, form.biasIndex)}
${tiledSource.replaceAll('LANE_COLUMNS', `${laneWidth(width)}u`)}`,
      width,
    ),
  };
}

/** WGSL type of a matrix whose rows are so wide. */
export function laneArray(width: number): string {
  return laneWidth(width) === 4 ? 'array<vec4f>' : 'array<f32>';
}

/** Workgroups that cover all rows and tokens. */
export function workgroupTileWorkgroups(outputs: number, tokens: number): [number, number] {
  return [Math.ceil(outputs / WORKGROUP_TILE), Math.ceil(tokens / WORKGROUP_TILE)];
}

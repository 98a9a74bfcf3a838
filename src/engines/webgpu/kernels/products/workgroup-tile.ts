import { type Buffers, type BufferType, defineKernel } from '../../define-kernel';
import tiledBody from './dense-matmul.wgsl?raw';
import { epilogueBuffers, type EpilogueConfig, epilogueSource } from '../wgsl/epilogue';
import { laneWidth, lanesSource } from '../wgsl/lanes';
import { PRODUCT_UNIFORMS, type ProductKernel } from './product-kernel';

/** Tokens and outputs that a workgroup makes. */
export const WORKGROUP_TILE = 64;

/** A float32 matrix as the tiles of GPUs take it. */
export interface LaneForm {
  readonly name: string;
  /** Those besides x, the first of them the matrix: `w`. */
  readonly inputs: Readonly<Record<string, BufferType>>;
  /** WGSL of `rowStart(row: u32, tile: u32) -> u32`: where a row begins for a tile of tokens, in lanes. */
  readonly rowStart: string;
  /** WGSL of where the bias of `output` at element `index` of the result stands; default `output`. */
  readonly biasIndex?: string;
}

/** The kernel of x · Wᵀ for many tokens on GPUs: tiles of both matrices are brought to workgroup memory. */
export function workgroupTileKernel(form: LaneForm, width: number, epilogue: EpilogueConfig): ProductKernel {
  const inputs: Buffers = { x: 'array<Lane>', ...form.inputs, ...epilogueBuffers(epilogue) };
  return defineKernel({
    name: `${form.name}-matmul`,
    inputs,
    outputs: { y: 'array<f32>' },
    uniforms: PRODUCT_UNIFORMS,
    body: [lanesSource(laneWidth(width)), form.rowStart, epilogueSource(epilogue, form.biasIndex), tiledBody],
  });
}

/** Workgroups that cover all rows and tokens. */
export function workgroupTileWorkgroups(outputs: number, tokens: number): [number, number] {
  return [Math.ceil(outputs / WORKGROUP_TILE), Math.ceil(tokens / WORKGROUP_TILE)];
}

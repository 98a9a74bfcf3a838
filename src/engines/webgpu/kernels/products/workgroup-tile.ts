import { type Buffers, type BufferType, defineKernel } from '../../define-kernel';
import tiledBody from './dense-matmul.wgsl?raw';
import { epilogueBuffers, type EpilogueConfig, epilogueSource } from '../wgsl/epilogue';
import { laneWidth, lanesSource } from '../wgsl/lanes';
import { PRODUCT_UNIFORMS, type ProductKernel } from './product-kernel';

/** Tokens and outputs per workgroup. */
export const WORKGROUP_TILE = 64;

/** Layout of a float32 matrix for tiles in workgroup memory. */
export interface LaneForm {
  readonly name: string;
  /** Inputs besides x; the first is the matrix `w`. */
  readonly inputs: Readonly<Record<string, BufferType>>;
  /** WGSL of `rowStart(row: u32, tile: u32) -> u32`: start of a row for a tile of tokens, in lanes. */
  readonly rowStart: string;
  /** WGSL for the bias index of `output` at element `index` of the result; default `output`. */
  readonly biasIndex?: string;
}

/** Creates the kernel of x · Wᵀ for many tokens on GPUs, which loads tiles of both matrices into workgroup memory. */
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

/** Number of workgroups that cover all rows and tokens. */
export function workgroupTileWorkgroups(outputs: number, tokens: number): [number, number] {
  return [Math.ceil(outputs / WORKGROUP_TILE), Math.ceil(tokens / WORKGROUP_TILE)];
}

import type * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import { type Epilogue, type EpilogueConfig, epilogueConfig } from '../wgsl/epilogue';
import { type FoldedNorm, foldedNormInputs } from '../wgsl/folded-norm';
import { type KernelProfile, kernelProfile } from '../wgsl/kernel-profile';
import { isWholeQuads, quadReader } from '../wgsl/quad-reader';
import { type ColumnRange, type ProductLaunch, runProduct } from './product-kernel';
import { type RowForm, rowProductKernel, rowProductWorkgroups } from './row-product';
import { type QuadForm, type Tile, tileFor, tokenTileKernel, tokenTileWorkgroups } from './token-tile';
import { type LaneForm, workgroupTileKernel, workgroupTileWorkgroups } from './workgroup-tile';

/** Maximum number of tokens for which a row of the matrix is read once per token; with more, tiles are faster. */
export const FEW_TOKENS = 4;

/** Everything that the WGSL of every product here depends on. */
type Config = EpilogueConfig & {
  readonly profile: KernelProfile['name'];
  readonly subgroupLanes: number | undefined;
  readonly isWhole: boolean;
};

const rowKernel = kernelFamily(
  (
    config: Config & { epsilon: number | undefined },
    weight: tf.Tensor,
    width: number,
    profile: KernelProfile,
    norm?: FoldedNorm,
  ) => rowProductKernel(denseRows(weight, config.isWhole), width, config, profile, norm),
);

const tileKernel = kernelFamily(
  (config: Config & { tokens: number; rows: number }, weight: tf.Tensor, width: number, tile: Tile) =>
    tokenTileKernel(denseQuads(weight, config.isWhole), width, config, tile),
);

const workgroupKernel = kernelFamily((config: Config, width: number) =>
  workgroupTileKernel(DENSE_LANES, width, config),
);

/**
 * activation(x · Wᵀ + bias) + residual with W [out, in] row-major: [tokens, in] → [tokens, out].
 * @param into tensor whose columns are written instead of a new one; bias and residual cover all its columns
 */
export function denseMatmul(
  x: tf.Tensor2D,
  weight: tf.Tensor,
  outputs: number,
  epilogue: Epilogue = {},
  into?: ColumnRange,
): tf.Tensor2D {
  const launch = launchOf(weight, x.shape, outputs, epilogue);
  return runProduct(launch, x, [matrixBuffer(weight, isWholeQuads(x.shape[1]))], outputs, epilogue, into);
}

/**
 * The same for one token with layer normalization fused: [1, in] → [1, out].
 * @param x not normalized; its width must be a multiple of 4
 */
export function denseMatmulOfNormalized(
  x: tf.Tensor2D,
  weight: tf.Tensor,
  outputs: number,
  norm: FoldedNorm,
  epilogue: Epilogue = {},
): tf.Tensor2D {
  const buffers = [matrixBuffer(weight, true), ...foldedNormInputs(norm)];
  return runProduct(rowLaunch(weight, x.shape, outputs, epilogue, norm), x, buffers, outputs, epilogue);
}

function rowLaunch(
  weight: tf.Tensor,
  [tokens, width]: readonly [number, number],
  outputs: number,
  epilogue: Epilogue,
  norm?: FoldedNorm,
): ProductLaunch {
  const profile = kernelProfile();
  const config = { ...configOf(profile, width, epilogue), epsilon: norm?.epsilon };
  return {
    kernel: rowKernel(config, weight, width, profile, norm),
    workgroups: rowProductWorkgroups(outputs, tokens, profile),
  };
}

function configOf({ name, subgroupLanes }: KernelProfile, width: number, epilogue: Epilogue): Config {
  return { profile: name, subgroupLanes, isWhole: isWholeQuads(width), ...epilogueConfig(epilogue) };
}

function launchOf(
  weight: tf.Tensor,
  [tokens, width]: readonly [number, number],
  outputs: number,
  epilogue: Epilogue,
): ProductLaunch {
  if (tokens <= FEW_TOKENS) return rowLaunch(weight, [tokens, width], outputs, epilogue);
  const profile = kernelProfile();
  const config = configOf(profile, width, epilogue);
  if (profile.tile !== 'workgroup') {
    const tile = tileFor(tokens, profile);
    return {
      kernel: tileKernel({ ...config, tokens: tile.tokens, rows: tile.rows }, weight, width, tile),
      workgroups: tokenTileWorkgroups(outputs, tokens, tile),
    };
  }
  return {
    kernel: workgroupKernel(config, width),
    workgroups: workgroupTileWorkgroups(outputs, tokens),
  };
}

function matrixBuffer(tensor: tf.Tensor, isWhole: boolean) {
  return { name: 'w', type: quadReader('w', isWhole).type, tensor };
}

function denseRows(tensor: tf.Tensor, isWhole: boolean): RowForm {
  return {
    name: 'dense',
    inputs: [matrixBuffer(tensor, isWhole)],
    declarations: quadReader('w', isWhole).source,
    columnsPerStep: 4,
    rowState: (r) => `  let w${r} = wStart(row${r});`,
    rowStep: (r) => `    sum${r} += dot(x0, wQuad(w${r}, step));`,
  };
}

function denseQuads(tensor: tf.Tensor, isWhole: boolean): QuadForm {
  return {
    name: 'dense',
    inputs: [matrixBuffer(tensor, isWhole)],
    declarations: quadReader('w', isWhole).source,
    rowState: (r) => `  let start${r} = wStart(row${r});`,
    rowQuad: (r) => `wQuad(start${r}, quad)`,
  };
}

const DENSE_LANES: LaneForm = {
  name: 'dense',
  inputs: { w: 'array<Lane>' },
  rowStart: 'fn rowStart(row: u32, tile: u32) -> u32 { return row * (uniforms.width / LANE_COLUMNS); }',
};

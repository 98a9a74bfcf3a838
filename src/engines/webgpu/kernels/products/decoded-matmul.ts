import * as tf from '@tensorflow/tfjs';
import { type Buffers, defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { applyEpilogue } from './bias-activation';
import { type DecodedMatrix, decodedQuadForm, decodedRowForm } from './decoded-matrix';
import rowsBody from './decoded-rows.wgsl?raw';
import { FEW_TOKENS } from './dense-matmul';
import { type BoundBuffer, buffersOf, tensorsOf } from '../wgsl/bound-buffers';
import { type Epilogue, type EpilogueConfig, epilogueConfig } from '../wgsl/epilogue';
import { type FoldedNorm, foldedNormInputs } from '../wgsl/folded-norm';
import { type KernelProfile, kernelProfile } from '../wgsl/kernel-profile';
import { layerNorm } from '../layers/layer-norm';
import { isWholeQuads } from '../wgsl/quad-reader';
import { fitsBindings, type ProductLaunch, runProduct } from './product-kernel';
import { rowProductKernel, rowProductWorkgroups } from './row-product';
import { type Tile, tileFor, tokenTileKernel, tokenTileWorkgroups } from './token-tile';

/** Columns of a row that one invocation of `decodedRows` writes: a word of the sparse mask. */
const COLUMNS_OF_AN_INVOCATION = 32;

/** Rows per tile when decoding by `nextQuad`, whose text is repeated for each row and takes time to compile. */
const GENERIC_TILE_ROWS = 2;

/**
 * Rows per lane on software adapters; preparing the activations for decoding pays off for more rows than in dense products.
 */
const SOFTWARE_ROWS = 12;
/** Rows per lane with sequential decoding: they share little, and smaller groups occupy more lanes. */
const SEQUENTIAL_ROWS = 2;

/** Launch of a product, and the buffers of its matrix. */
interface DecodedLaunch extends ProductLaunch {
  readonly inputs: readonly BoundBuffer[];
}

/** Everything that the WGSL of a product depends on. */
type Config = EpilogueConfig & {
  readonly profile: KernelProfile['name'];
  readonly subgroupLanes: number | undefined;
  /** Key of the matrix. */
  readonly matrix: string;
  readonly isWhole: boolean;
};

const rowKernel = kernelFamily(
  (
    config: Config & { epsilon: number | undefined },
    matrix: DecodedMatrix,
    profile: KernelProfile,
    norm?: FoldedNorm,
  ) => {
    const form = matrix.rowDecoder?.form(profile) ?? decodedRowForm(matrix);
    return rowProductKernel(form, matrix.shape[1], config, profile, norm);
  },
);

const tileKernel = kernelFamily(
  (config: Config & { tokens: number; rows: number }, matrix: DecodedMatrix, tile: Tile) =>
    tokenTileKernel(matrix.quadForm ?? decodedQuadForm(matrix), matrix.shape[1], config, tile),
);

/** activation(x · Wᵀ + bias) + residual with W decoded on the fly: [tokens, in] → [tokens, out]. */
export function decodedMatmul(x: tf.Tensor2D, matrix: DecodedMatrix, epilogue: Epilogue = {}): tf.Tensor2D {
  const [outputs] = matrix.shape;
  const launch = launchOf(matrix, x.shape[0], epilogue);
  if (!fitsBindings(launch.inputs, epilogue)) {
    return applyEpilogue(() => decodedMatmul(x, matrix), epilogue);
  }
  return runProduct(launch, x, launch.inputs, outputs, epilogue);
}

/**
 * The same for one token with layer normalization fused: [1, in] → [1, out].
 * @param x not normalized; its width must be a multiple of 4
 */
export function decodedMatmulOfNormalized(
  x: tf.Tensor2D,
  matrix: DecodedMatrix,
  norm: FoldedNorm,
  epilogue: Epilogue = {},
): tf.Tensor2D {
  const [outputs] = matrix.shape;
  const apart = () =>
    tf.tidy(() => decodedMatmul(layerNorm(x, norm.scale, norm.shift, norm.epsilon), matrix, epilogue));
  if (matrix.rowDecoder?.readsActivations) return apart();
  const launch = rowLaunch(matrix, x.shape[0], epilogue, kernelProfile(), norm);
  const read = [...launch.inputs, ...foldedNormInputs(norm)];
  if (!fitsBindings(read, epilogue)) return apart();
  return runProduct(launch, x, read, outputs, epilogue);
}

const rowsKernel = kernelFamily((_: { matrix: string }, { name, inputs, source }: DecodedMatrix) => {
  const read: Buffers = { ids: 'array<i32>', ...buffersOf(inputs) };
  return defineKernel({
    name: `${name}-rows`,
    inputs: read,
    outputs: { y: 'array<f32>' },
    uniforms: { count: 'u32', width: 'u32' },
    body: [source, rowsBody],
  });
});

/** Rows by index: ids [n] int32 → [n, width]. */
export function decodedRows(ids: tf.Tensor1D, matrix: DecodedMatrix): tf.Tensor2D {
  const [, width] = matrix.shape;
  const [count] = ids.shape;
  return rowsKernel({ matrix: matrix.key }, matrix).run({
    inputs: { ids, ...tensorsOf(matrix.inputs) },
    outputs: { y: [count, width] },
    uniforms: { count, width },
    workgroups: [Math.ceil((count * Math.ceil(width / COLUMNS_OF_AN_INVOCATION)) / 64)],
  }).y;
}

function launchOf(matrix: DecodedMatrix, tokens: number, epilogue: Epilogue): DecodedLaunch {
  const profile = kernelProfile();
  return tokens <= FEW_TOKENS
    ? rowLaunch(matrix, tokens, epilogue, profile)
    : tileLaunch(matrix, tokens, epilogue, profile);
}

function rowLaunch(
  matrix: DecodedMatrix,
  tokens: number,
  epilogue: Epilogue,
  device: KernelProfile,
  norm?: FoldedNorm,
): DecodedLaunch {
  const { rowDecoder, inputs } = matrix;
  const profile = profileFor(matrix, device);
  const config = { ...configOf(matrix, epilogue, device), epsilon: norm?.epsilon };
  return {
    kernel: rowKernel(config, matrix, profile, norm),
    inputs: rowDecoder?.inputs ?? inputs,
    workgroups: rowProductWorkgroups(matrix.shape[0], tokens, profile),
  };
}

function profileFor({ sequential, rowDecoder }: DecodedMatrix, device: KernelProfile): KernelProfile {
  if (sequential) return { ...device, lanesPerRow: 1, rowsPerLane: SEQUENTIAL_ROWS };
  const preparesActivations = rowDecoder !== undefined && device.name === 'software';
  return preparesActivations ? { ...device, rowsPerLane: SOFTWARE_ROWS } : device;
}

function tileLaunch(
  matrix: DecodedMatrix,
  tokens: number,
  epilogue: Epilogue,
  profile: KernelProfile,
): DecodedLaunch {
  const { quadForm, inputs } = matrix;
  const full = tileFor(tokens, profile);
  const tile = quadForm ? full : { ...full, rows: GENERIC_TILE_ROWS };
  const config = { ...configOf(matrix, epilogue, profile), tokens: tile.tokens, rows: tile.rows };
  return {
    kernel: tileKernel(config, matrix, tile),
    inputs: quadForm?.inputs ?? inputs,
    workgroups: tokenTileWorkgroups(matrix.shape[0], tokens, tile),
  };
}

function configOf(matrix: DecodedMatrix, epilogue: Epilogue, { name, subgroupLanes }: KernelProfile): Config {
  return {
    profile: name,
    subgroupLanes,
    matrix: matrix.key,
    isWhole: isWholeQuads(matrix.shape[1]),
    ...epilogueConfig(epilogue),
  };
}

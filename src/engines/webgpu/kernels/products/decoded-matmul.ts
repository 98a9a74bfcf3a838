import * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { type Kernel, runKernel } from '../../run-kernel';
import { kernelMemo } from '../wgsl/kernel-memo';
import { applyEpilogue } from './bias-activation';
import { type DecodedMatrix, decodedQuadForm, decodedRowForm } from './decoded-matrix';
import rowsSource from './decoded-rows.wgsl?raw';
import { FEW_TOKENS } from './dense-matmul';
import {
  declareInputs,
  type Epilogue,
  epilogueInputs,
  epilogueKey,
  type InputBinding,
} from '../wgsl/epilogue';
import { type FoldedNorm, foldedNormInputs } from '../wgsl/folded-norm';
import { type KernelProfile, kernelProfile } from '../wgsl/kernel-profile';
import { layerNorm } from '../layers/layer-norm';
import { quadKey } from '../wgsl/quad-reader';
import { rowProductKernel, rowProductWorkgroups } from './row-product';
import { tileFor, tokenTileKernel, tokenTileWorkgroups } from './token-tile';

/** A span of a row that one invocation of `decodedRows` writes: a word of the sparse mask. */
const COLUMNS_OF_AN_INVOCATION = 32;

/** Rows of a tile where they are decoded by `nextQuad`: its text stands in the kernel once a row, and compiling takes time. */
const GENERIC_TILE_ROWS = 2;

/** Rows of a lane on software adapters: what is prepared of the activations for decoding serves more than dense rows take. */
const SOFTWARE_ROWS = 12;
/** Rows that a lane walks through alone: they share little, and more lanes find something to do. */
const SEQUENTIAL_ROWS = 2;

/** How a product is launched. */
interface Launch {
  readonly kernel: Kernel;
  readonly inputs: readonly InputBinding[];
  readonly workgroups: [number, number];
}

const remember = kernelMemo();

/** activation(x · Wᵀ + bias) + residual with W decoded on the way: [tokens, in] → [tokens, out]. */
export function decodedMatmul(x: tf.Tensor2D, matrix: DecodedMatrix, epilogue: Epilogue = {}): tf.Tensor2D {
  const [outputs, width] = matrix.shape;
  const [tokens] = x.shape;
  const { kernel, inputs, workgroups } = launchOf(matrix, tokens, epilogue);
  const buffers = [x, ...inputs.map(({ tensor }) => tensor)];
  const readByEpilogue = epilogueInputs(epilogue).map(({ tensor }) => tensor);
  const outputBuffers = 1;
  const { maxStorageBuffersPerShaderStage } = currentGpu().device.limits;
  if (buffers.length + readByEpilogue.length + outputBuffers > maxStorageBuffersPerShaderStage) {
    return applyEpilogue(() => decodedMatmul(x, matrix), epilogue);
  }
  const [y] = runKernel(kernel, {
    inputs: [...buffers, ...readByEpilogue],
    outputs: [{ shape: [tokens, outputs], dtype: 'float32' }],
    uniforms: [tokens, width, outputs, 0, outputs],
    workgroups,
  });
  return y as tf.Tensor2D;
}

/**
 * The same of one token whose layer normalization is folded in: [1, in] → [1, out].
 * @param x not normalized; its width must be a multiple of 4
 */
export function decodedMatmulOfNormalized(
  x: tf.Tensor2D,
  matrix: DecodedMatrix,
  norm: FoldedNorm,
  epilogue: Epilogue = {},
): tf.Tensor2D {
  const [outputs, width] = matrix.shape;
  const [tokens] = x.shape;
  const apart = () =>
    tf.tidy(() => decodedMatmul(layerNorm(x, norm.scale, norm.shift, norm.epsilon), matrix, epilogue));
  if (matrix.rowDecoder?.readsActivations) return apart();
  const { kernel, inputs, workgroups } = rowLaunch(matrix, tokens, epilogue, kernelProfile(), norm);
  const read = [...inputs, ...epilogueInputs(epilogue), ...foldedNormInputs(norm)];
  const outputBuffers = 1;
  const { maxStorageBuffersPerShaderStage } = currentGpu().device.limits;
  if (1 + read.length + outputBuffers > maxStorageBuffersPerShaderStage) return apart();
  const [y] = runKernel(kernel, {
    inputs: [x, ...read.map(({ tensor }) => tensor)],
    outputs: [{ shape: [tokens, outputs], dtype: 'float32' }],
    uniforms: [tokens, width, outputs, 0, outputs],
    workgroups,
  });
  return y as tf.Tensor2D;
}

/** Rows by index: ids [n] int32 → [n, width]. */
export function decodedRows(ids: tf.Tensor1D, matrix: DecodedMatrix): tf.Tensor2D {
  const [, width] = matrix.shape;
  const [count] = ids.shape;
  const kernel = remember(`look-up ${matrix.key}`, () => rowsKernel(matrix));
  const [y] = runKernel(kernel, {
    inputs: [ids, ...matrix.inputs.map(({ tensor }) => tensor)],
    outputs: [{ shape: [count, width], dtype: 'float32' }],
    uniforms: [count, width],
    workgroups: [Math.ceil((count * Math.ceil(width / COLUMNS_OF_AN_INVOCATION)) / 64)],
  });
  return y as tf.Tensor2D;
}

function launchOf(matrix: DecodedMatrix, tokens: number, epilogue: Epilogue): Launch {
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
): Launch {
  const [outputs, width] = matrix.shape;
  const { rowDecoder, inputs } = matrix;
  const profile = profileFor(matrix, device);
  const kernel = remember(`row ${textKey(matrix, epilogue, device)} ${norm?.epsilon ?? ''}`, () =>
    rowProductKernel(rowDecoder?.form(profile) ?? decodedRowForm(matrix), width, epilogue, profile, norm),
  );
  const workgroups = rowProductWorkgroups(outputs, tokens, profile);
  return { kernel, inputs: rowDecoder?.inputs ?? inputs, workgroups };
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
): Launch {
  const [outputs, width] = matrix.shape;
  const { quadForm, inputs } = matrix;
  const full = tileFor(tokens, profile);
  const tile = quadForm ? full : { ...full, rows: GENERIC_TILE_ROWS };
  const key = `tile ${tile.tokens}×${tile.rows} ${textKey(matrix, epilogue, profile)}`;
  const kernel = remember(key, () =>
    tokenTileKernel(quadForm ?? decodedQuadForm(matrix), width, epilogue, tile),
  );
  return {
    kernel,
    inputs: quadForm?.inputs ?? inputs,
    workgroups: tokenTileWorkgroups(outputs, tokens, tile),
  };
}

function textKey(matrix: DecodedMatrix, epilogue: Epilogue, { name, subgroupLanes }: KernelProfile): string {
  return `${name} ${subgroupLanes ?? 'plain'} ${matrix.key} ${quadKey(matrix.shape[1])} ${epilogueKey(epilogue)}`;
}

function rowsKernel({ name, inputs, source }: DecodedMatrix): Kernel {
  const buffers = [{ name: 'ids', type: 'array<i32>' }, ...inputs];
  return {
    name: `${name}-rows`,
    source: `${declareInputs(buffers)}
@group(0) @binding(${buffers.length}) var<storage, read_write> y: array<f32>;
@group(0) @binding(${buffers.length + 1}) var<uniform> uniforms: Uniforms;
${source}
${rowsSource}`,
  };
}

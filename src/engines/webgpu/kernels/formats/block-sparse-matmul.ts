import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { type Kernel, runKernel } from '../../run-kernel';
import { applyEpilogue } from '../products/bias-activation';
import rowsSource from './block-sparse-rows.wgsl?raw';
import {
  blockConstants,
  blockIndexInputs,
  type BlockSparseMatrix,
  blockSparseForm,
  blockSparseKey,
} from './block-sparse-matrix';
import { workgroupRows, workgroupTileKernel, workgroupTiles } from './block-sparse-tile';
import { FEW_TOKENS } from '../products/dense-matmul';
import { declareInputs, type Epilogue, epilogueInputs, epilogueKey } from '../wgsl/epilogue';
import { kernelMemo } from '../wgsl/kernel-memo';
import { type KernelProfile, kernelProfile } from '../wgsl/kernel-profile';
import { packedValueInputs, packedValueSource } from './packed-values';
import { rowProductKernel, rowProductWorkgroups } from '../products/row-product';
import { type Tile, tokenTileKernel, tokenTileWorkgroups } from '../products/token-tile';

/** Tokens of a tile: the least that hold them all, up to what registers hold beside so many rows. */
const EXCHANGE_TOKENS = [8, 16, 32] as const;
const GREATEST_SUMS = 128;
const REGISTER_TOKENS = 8;
const GREATEST_ROWS = 8;

const remember = kernelMemo();

/** activation(x · Wᵀ + bias) + residual in time that the blocks that are there take: [tokens, in] → [tokens, out]. */
export function blockSparseMatmul(
  x: tf.Tensor2D,
  matrix: BlockSparseMatrix,
  epilogue: Epilogue = {},
): tf.Tensor2D {
  const [outputs, width] = matrix.shape;
  const [tokens] = x.shape;
  const inputs = [x, ...blockSparseForm(matrix).inputs.map(({ tensor }) => tensor)];
  const readByEpilogue = epilogueInputs(epilogue).map(({ tensor }) => tensor);
  const outputBuffers = 1;
  const { maxStorageBuffersPerShaderStage } = currentGpu().device.limits;
  if (inputs.length + readByEpilogue.length + outputBuffers > maxStorageBuffersPerShaderStage) {
    return applyEpilogue(() => blockSparseMatmul(x, matrix), epilogue);
  }
  const { kernel, workgroups } = launchOf(matrix, tokens, epilogue);
  const [y] = runKernel(kernel, {
    inputs: [...inputs, ...readByEpilogue],
    outputs: [{ shape: [tokens, outputs], dtype: 'float32' }],
    uniforms: [tokens, width, outputs, 0, outputs],
    workgroups,
  });
  return y as tf.Tensor2D;
}

/** Rows by index: ids [n] int32 → [n, width]. */
export function blockSparseRows(ids: tf.Tensor1D, matrix: BlockSparseMatrix): tf.Tensor2D {
  const [, width] = matrix.shape;
  const [count] = ids.shape;
  const [y] = runKernel(
    remember(`look-up ${blockSparseKey(matrix)}`, () => rowsKernel(matrix)),
    {
      inputs: [ids, ...rowsInputs(matrix).map(({ tensor }) => tensor)],
      outputs: [{ shape: [count, width], dtype: 'float32' }],
      uniforms: [count],
      workgroups: [Math.ceil(Math.ceil(width / matrix.block[1]) / 64), count],
    },
  );
  return y as tf.Tensor2D;
}

interface Launch {
  readonly kernel: Kernel;
  readonly workgroups: [number, number];
}

function launchOf(matrix: BlockSparseMatrix, tokens: number, epilogue: Epilogue): Launch {
  const [outputs, width] = matrix.shape;
  const device = kernelProfile();
  const key = `${device.name} ${device.subgroupLanes ?? 'plain'} ${blockSparseKey(matrix)} ${epilogueKey(epilogue)}`;
  if (tokens <= FEW_TOKENS) {
    const profile = { ...device, rowsPerLane: greatestDivisor(matrix.block[0], device.rowsPerLane) };
    const kernel = remember(`row ${key}`, () =>
      rowProductKernel(blockSparseForm(matrix), width, epilogue, profile),
    );
    return { kernel, workgroups: rowProductWorkgroups(outputs, tokens, profile) };
  }
  const rows = device.tile === 'workgroup' ? workgroupRows(matrix) : undefined;
  if (rows) {
    const kernel = remember(`workgroup ${key}`, () => workgroupTileKernel(matrix, rows, epilogue));
    return { kernel, workgroups: workgroupTiles(outputs, tokens, rows) };
  }
  const tile = tileFor(matrix, tokens, device);
  const kernel = remember(`tile ${tile.tokens} ${key}`, () =>
    tokenTileKernel(blockSparseForm(matrix), width, epilogue, tile),
  );
  return { kernel, workgroups: tokenTileWorkgroups(outputs, tokens, tile) };
}

/** The tile whose rows are of one block row. Where a lane makes few rows, what it reads of them serves more tokens. */
function tileFor({ block: [blockRows] }: BlockSparseMatrix, tokens: number, device: KernelProfile): Tile {
  const { exchangeLanes: lanes } = device;
  if (device.tile !== 'exchange' || blockRows % lanes !== 0) {
    return { tokens: REGISTER_TOKENS, rows: greatestDivisor(blockRows, GREATEST_ROWS), lanes: 1 };
  }
  const rows = greatestDivisor(blockRows / lanes, GREATEST_ROWS);
  const affordable = EXCHANGE_TOKENS.filter(
    (height) => height % lanes === 0 && height * rows <= GREATEST_SUMS,
  );
  const height = affordable.find((enough) => enough >= tokens) ?? affordable[affordable.length - 1];
  return { tokens: height, rows, lanes };
}

function greatestDivisor(size: number, limit: number): number {
  for (let divisor = Math.min(size, limit); divisor > 1; divisor--) {
    if (size % divisor === 0) return divisor;
  }
  return 1;
}

function rowsInputs(matrix: BlockSparseMatrix) {
  return [...packedValueInputs(matrix.values), ...blockIndexInputs(matrix)];
}

function rowsKernel(matrix: BlockSparseMatrix): Kernel {
  const buffers = [{ name: 'ids', type: 'array<i32>' }, ...rowsInputs(matrix)];
  return {
    name: 'block-sparse-rows',
    source: `${declareInputs(buffers)}
@group(0) @binding(${buffers.length}) var<storage, read_write> y: array<f32>;
@group(0) @binding(${buffers.length + 1}) var<uniform> uniforms: Uniforms;
${blockConstants(matrix)}
${packedValueSource(matrix.values)}
${rowsSource}`,
  };
}

import type * as tf from '@tensorflow/tfjs';
import { type Buffers, defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { applyEpilogue } from '../products/bias-activation';
import rowsBody from './block-sparse-rows.wgsl?raw';
import {
  blockConstants,
  blockIndexInputs,
  type BlockSparseMatrix,
  blockSparseForm,
  blockSparseKey,
} from './block-sparse-matrix';
import { workgroupRows, workgroupTileKernel, workgroupTiles } from './block-sparse-tile';
import { FEW_TOKENS } from '../products/dense-matmul';
import { type BoundBuffer, buffersOf, tensorsOf } from '../wgsl/bound-buffers';
import { type Epilogue, type EpilogueConfig, epilogueConfig } from '../wgsl/epilogue';
import { type KernelProfile, kernelProfile } from '../wgsl/kernel-profile';
import { packedValueInputs, packedValueSource } from './packed-values';
import { fitsBindings, type ProductLaunch, runProduct } from '../products/product-kernel';
import { rowProductKernel, rowProductWorkgroups } from '../products/row-product';
import { type Tile, tokenTileKernel, tokenTileWorkgroups } from '../products/token-tile';

/** Tokens per tile: the smallest that holds all, as far as registers allow for the number of rows. */
const EXCHANGE_TOKENS = [8, 16, 32] as const;
const GREATEST_SUMS = 128;
const REGISTER_TOKENS = 8;
const GREATEST_ROWS = 8;

/** Everything that the WGSL of a product depends on. */
type Config = EpilogueConfig & {
  readonly profile: KernelProfile['name'];
  readonly subgroupLanes: number | undefined;
  /** Key of the matrix. */
  readonly matrix: string;
};

const rowKernel = kernelFamily((config: Config, matrix: BlockSparseMatrix, profile: KernelProfile) =>
  rowProductKernel(blockSparseForm(matrix), matrix.shape[1], config, profile),
);

const workgroupKernel = kernelFamily((config: Config, matrix: BlockSparseMatrix, rows: number) =>
  workgroupTileKernel(matrix, rows, config),
);

const tileKernel = kernelFamily(
  (config: Config & { tokens: number }, matrix: BlockSparseMatrix, tile: Tile) =>
    tokenTileKernel(blockSparseForm(matrix), matrix.shape[1], config, tile),
);

/** activation(x · Wᵀ + bias) + residual in time proportional to the stored blocks: [tokens, in] → [tokens, out]. */
export function blockSparseMatmul(
  x: tf.Tensor2D,
  matrix: BlockSparseMatrix,
  epilogue: Epilogue = {},
): tf.Tensor2D {
  const { inputs } = blockSparseForm(matrix);
  if (!fitsBindings(inputs, epilogue)) {
    return applyEpilogue(() => blockSparseMatmul(x, matrix), epilogue);
  }
  return runProduct(launchOf(matrix, x.shape[0], epilogue), x, inputs, matrix.shape[0], epilogue);
}

const rowsKernel = kernelFamily((_: { matrix: string }, matrix: BlockSparseMatrix) => {
  const read: Buffers = { ids: 'array<i32>', ...buffersOf(rowsInputs(matrix)) };
  return defineKernel({
    name: 'block-sparse-rows',
    inputs: read,
    outputs: { y: 'array<f32>' },
    uniforms: { count: 'u32' },
    body: [blockConstants(matrix), packedValueSource(matrix.values), rowsBody],
  });
});

/** Rows by index: ids [n] int32 → [n, width]. */
export function blockSparseRows(ids: tf.Tensor1D, matrix: BlockSparseMatrix): tf.Tensor2D {
  const [, width] = matrix.shape;
  const [count] = ids.shape;
  return rowsKernel({ matrix: blockSparseKey(matrix) }, matrix).run({
    inputs: { ids, ...tensorsOf(rowsInputs(matrix)) },
    outputs: { y: [count, width] },
    uniforms: { count },
    workgroups: [Math.ceil(Math.ceil(width / matrix.block[1]) / 64), count],
  }).y;
}

function launchOf(matrix: BlockSparseMatrix, tokens: number, epilogue: Epilogue): ProductLaunch {
  const [outputs] = matrix.shape;
  const device = kernelProfile();
  const config = {
    profile: device.name,
    subgroupLanes: device.subgroupLanes,
    matrix: blockSparseKey(matrix),
    ...epilogueConfig(epilogue),
  };
  if (tokens <= FEW_TOKENS) {
    const profile = { ...device, rowsPerLane: greatestDivisor(matrix.block[0], device.rowsPerLane) };
    return {
      kernel: rowKernel(config, matrix, profile),
      workgroups: rowProductWorkgroups(outputs, tokens, profile),
    };
  }
  const rows = device.tile === 'workgroup' ? workgroupRows(matrix) : undefined;
  if (rows) {
    return {
      kernel: workgroupKernel(config, matrix, rows),
      workgroups: workgroupTiles(outputs, tokens, rows),
    };
  }
  const tile = tileFor(matrix, tokens, device);
  return {
    kernel: tileKernel({ ...config, tokens: tile.tokens }, matrix, tile),
    workgroups: tokenTileWorkgroups(outputs, tokens, tile),
  };
}

/** Tile whose rows lie in one block row. If a lane has few rows, its reads serve more tokens. */
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

function rowsInputs(matrix: BlockSparseMatrix): BoundBuffer[] {
  return [...packedValueInputs(matrix.values), ...blockIndexInputs(matrix)];
}

import type * as tf from '@tensorflow/tfjs';
import type { BoundBuffer } from '../wgsl/bound-buffers';
import {
  packedValueInputs,
  packedValueKey,
  type PackedValueBuffers,
  packedValueSource,
} from './packed-values';
import blockColumnSource from './block-sparse-columns.wgsl?raw';
import codeSource from './block-sparse-codes.wgsl?raw';
import type { RowForm } from '../products/row-product';
import type { StoredColumns } from '../wgsl/stored-columns';
import type { QuadForm } from '../products/token-tile';

/**
 * Block-sparse matrix. Each row stores the columns of the present blocks contiguously, padded to a multiple of four; all rows
 * of a block row store the same columns.
 */
export interface BlockSparseMatrix {
  readonly shape: readonly [rows: number, width: number];
  readonly block: readonly [rows: number, columns: number];
  /** First block and first quad of values of each block row, and the ends: [block rows + 1, 2]. */
  readonly blockRows: tf.Tensor;
  /** Column of each block in the grid, ascending. */
  readonly blockColumns: tf.Tensor;
  readonly values: PackedValueBuffers;
}

/** Whether four consecutive stored columns are also consecutive in the matrix. */
export function holdsWholeQuads({ shape, block }: BlockSparseMatrix): boolean {
  return shape[1] % 4 === 0 && block[1] % 4 === 0;
}

/** Key that distinguishes matrices with different WGSL. */
export function blockSparseKey({ shape: [rows, width], block, values }: BlockSparseMatrix): string {
  return `${block.join('×')} of ${rows}×${width} ${packedValueKey(values)}`;
}

/** Buffers of the index. */
export function blockIndexInputs({ blockRows, blockColumns }: BlockSparseMatrix): BoundBuffer[] {
  return [
    { name: 'blockRows', type: 'array<vec2u>', tensor: blockRows },
    { name: 'blockColumns', type: 'array<u32>', tensor: blockColumns },
  ];
}

/** Sizes declared in every kernel of such matrices. */
export function blockConstants({
  shape: [rows, width],
  block: [blockRows, blockColumns],
}: BlockSparseMatrix): string {
  return `const MATRIX_ROWS = ${rows}u;
const MATRIX_WIDTH = ${width}u;
const BLOCK_ROWS = ${blockRows}u;
const BLOCK_COLUMNS = ${blockColumns}u;`;
}

/** Row and quad forms that visit the stored columns only. All rows of an invocation must lie in one block row. */
export function blockSparseForm(matrix: BlockSparseMatrix): RowForm & QuadForm {
  const { values } = matrix;
  const isWhole = holdsWholeQuads(matrix);
  const inputs = [
    ...packedValueInputs(values, values.grid ? 'array<u32>' : 'array<vec4f>'),
    ...blockIndexInputs(matrix),
  ];
  const quadOf = (r: number, quad: string) => {
    if (!values.grid) return `values[values${r} + ${quad}]`;
    return `blockWeights(values${r} + ${quad}, row${r}, firstBlock, ${quad})`;
  };
  const rowState = (r: number) => `  let values${r} = firstQuad + (row${r} - blockRow * BLOCK_ROWS) * quads;`;
  return {
    name: 'block-sparse',
    inputs,
    storedColumns: storedColumns(matrix),
    declarations: [
      blockConstants(matrix),
      activationSource(matrix),
      values.grid ? [packedValueSource(values), blockWeightSource(values.grid.bits, isWhole)].join('\n') : '',
    ].join('\n'),
    columnsPerStep: 4,
    rowState,
    rowStep: (r) => `    sum${r} += dot(x0, ${quadOf(r, 'step')});`,
    rowQuad: (r) => quadOf(r, 'quad'),
  };
}

function storedColumns(matrix: BlockSparseMatrix): StoredColumns {
  return {
    declaration: (row) => `  let blockRow = min(${row}, lastRow) / BLOCK_ROWS;
  let firstBlock = blockRows[blockRow].x;
  let endBlock = blockRows[blockRow + 1u].x;
  let firstQuad = blockRows[blockRow].y;
  let quads = (blockRows[blockRow + 1u].y - firstQuad) / min(BLOCK_ROWS, MATRIX_ROWS - blockRow * BLOCK_ROWS);`,
    activations: (start, quad) =>
      holdsWholeQuads(matrix)
        ? `xQuad(${start}, wholeQuad(firstBlock, ${quad}))`
        : `gatheredQuad(${start}, firstBlock, endBlock, ${quad})`,
  };
}

/** WGSL of `wholeQuad`, or of `gatheredQuad` if consecutive stored columns are not consecutive in the matrix. */
function activationSource(matrix: BlockSparseMatrix): string {
  if (holdsWholeQuads(matrix)) {
    return `const BLOCK_QUADS = BLOCK_COLUMNS / 4u;
fn wholeQuad(firstBlock: u32, quad: u32) -> u32 {
  return blockColumns[firstBlock + quad / BLOCK_QUADS] * BLOCK_QUADS + quad % BLOCK_QUADS;
}`;
  }
  const element = matrix.shape[1] % 4 === 0 ? 'x[start + column / 4u][column % 4u]' : 'x[start + column]';
  return `${blockColumnSource}
fn xAt(start: u32, column: u32) -> f32 { return ${element}; }
fn gatheredQuad(start: u32, firstBlock: u32, endBlock: u32, quad: u32) -> vec4f {
  let columns = columnsOfQuad(firstBlock, quad);
  // Padding at the end of a row stands beyond its last block or beyond the matrix.
  let slots = quad * 4u + vec4u(0u, 1u, 2u, 3u);
  let present = (vec4u(firstBlock) + slots / BLOCK_COLUMNS < vec4u(endBlock)) & (columns < vec4u(MATRIX_WIDTH));
  let inside = min(columns, vec4u(MATRIX_WIDTH - 1u));
  let found = vec4f(xAt(start, inside.x), xAt(start, inside.y), xAt(start, inside.z), xAt(start, inside.w));
  return select(vec4f(), found, present);
}`;
}

/** WGSL of `blockWeights`: four stored codes of a row as weights. */
function blockWeightSource(bits: number, isWhole: boolean): string {
  const straddlingCodes = `fn fourCodes(at: u32) -> vec4f {
  return vec4f(codeAt(at * 4u), codeAt(at * 4u + 1u), codeAt(at * 4u + 2u), codeAt(at * 4u + 3u));
}`;
  const weights = isWhole
    ? 'weightsOf(codes, vec4f(1.0), row, wholeQuad(firstBlock, quad) * 4u)'
    : `vec4f(
    oneWeight(codes.x, row, columns.x),
    oneWeight(codes.y, row, columns.y),
    oneWeight(codes.z, row, columns.z),
    oneWeight(codes.w, row, columns.w),
  )`;
  return `${32 % bits === 0 ? codeSource : straddlingCodes}
fn oneWeight(code: f32, row: u32, column: u32) -> f32 {
  return weightsOf(vec4f(code, 0.0, 0.0, 0.0), vec4f(1.0, 0.0, 0.0, 0.0), row, column).x;
}
fn blockWeights(at: u32, row: u32, firstBlock: u32, quad: u32) -> vec4f {
  let codes = fourCodes(at);
  ${isWhole ? '' : 'let columns = min(columnsOfQuad(firstBlock, quad), vec4u(MATRIX_WIDTH - 1u));'}
  return ${weights};
}`;
}

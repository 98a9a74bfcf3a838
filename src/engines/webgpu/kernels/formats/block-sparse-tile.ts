import { type Buffers, defineKernel } from '../../define-kernel';
import { type BlockSparseMatrix, blockSparseForm, holdsWholeQuads } from './block-sparse-matrix';
import { buffersOf } from '../wgsl/bound-buffers';
import { epilogueBuffers, type EpilogueConfig, epilogueSource } from '../wgsl/epilogue';
import { PRODUCT_UNIFORMS, type ProductKernel } from '../products/product-kernel';
import { isWholeQuads, quadReader } from '../wgsl/quad-reader';

/** Tokens per workgroup and per invocation. */
const TOKENS = 64;
const TOKENS_OF_AN_INVOCATION = 4;
/** Consecutive invocations that compute rows for the same tokens. */
const LANES_OF_A_TOKEN = 16;
const THREADS = LANES_OF_A_TOKEN * (TOKENS / TOKENS_OF_AN_INVOCATION);
/** Quads of columns in workgroup memory at once. */
const DEPTH = 4;

/** Rows per workgroup for tiles in workgroup memory; undefined if the block shape does not allow it. */
export function workgroupRows(matrix: BlockSparseMatrix): number | undefined {
  if (!holdsWholeQuads(matrix) || matrix.values.grid) return undefined;
  return [64, 32, 16].find((rows) => matrix.block[0] % rows === 0);
}

/** Number of workgroups that cover all rows and tokens. */
export function workgroupTiles(outputs: number, tokens: number, rows: number): [number, number] {
  return [Math.ceil(outputs / rows), Math.ceil(tokens / TOKENS)];
}

/**
 * Kernel for many tokens on GPUs, like `dense-matmul.wgsl`, but loads only the stored columns of the block row into workgroup
 * memory: contiguous for the matrix, gathered for the activations.
 * @param rows rows per workgroup, all in one block row
 */
export function workgroupTileKernel(
  matrix: BlockSparseMatrix,
  rows: number,
  epilogue: EpilogueConfig,
): ProductKernel {
  const form = blockSparseForm(matrix);
  const reader = quadReader('x', isWholeQuads(matrix.shape[1]));
  const inputs: Buffers = {
    x: reader.type,
    ...buffersOf(form.inputs),
    ...epilogueBuffers(epilogue),
  };
  const perThread = rows / LANES_OF_A_TOKEN;
  const r = numbers(perThread);
  const t = numbers(TOKENS_OF_AN_INVOCATION);
  const step = TOKENS / TOKENS_OF_AN_INVOCATION;
  const main = [
    `@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let firstRow = workgroup.x * ${rows}u;
  let firstToken = workgroup.y * ${TOKENS}u;
  let lastRow = uniforms.outputs - 1u;
  let lastToken = uniforms.tokens - 1u;`,
    form.storedColumns!.declaration('firstRow'),
    // Rows are sixteen invocations apart, so that neighbouring invocations read neighbouring rows.
    `  let o = local % ${LANES_OF_A_TOKEN}u;
  let t = local / ${LANES_OF_A_TOKEN}u;`,
    ...r.flatMap((row) => t.map((token) => `  var sum${row}_${token} = vec4f();`)),
    `  for (var first = 0u; first < quads; first += ${DEPTH}u) {
    for (var index = local; index < ${TOKENS * DEPTH}u; index += ${THREADS}u) {
      let quad = first + index % ${DEPTH}u;
      let token = min(firstToken + index / ${DEPTH}u, lastToken);
      // Past the last stored column zeros add nothing.
      var a = vec4f();
      if (quad < quads) {
        let start = xStart(token);
        a = ${form.storedColumns!.activations('start', 'quad')};
      }
      tileX[index / ${DEPTH}u * ${DEPTH + 1}u + index % ${DEPTH}u] = a;
    }
    for (var index = local; index < ${rows * DEPTH}u; index += ${THREADS}u) {
      let quad = first + index % ${DEPTH}u;
      let row = min(firstRow + index / ${DEPTH}u, lastRow);
      var b = vec4f();
      if (quad < quads) {
        b = values[firstQuad + (row - blockRow * BLOCK_ROWS) * quads + quad];
      }
      tileW[index / ${DEPTH}u * ${DEPTH + 1}u + index % ${DEPTH}u] = b;
    }
    workgroupBarrier();
    for (var lane = 0u; lane < ${DEPTH}u; lane++) {`,
    ...t.map((token) => `      let a${token} = tileX[(t + ${token * step}u) * ${DEPTH + 1}u + lane];`),
    ...r.map((row) => `      let b${row} = tileW[(o + ${row * LANES_OF_A_TOKEN}u) * ${DEPTH + 1}u + lane];`),
    ...r.flatMap((row) => t.map((token) => `      sum${row}_${token} += a${token} * b${row};`)),
    `    }
    workgroupBarrier();
  }`,
    ...r.flatMap((row) =>
      t.map(
        (token) =>
          `  write(firstToken + t + ${token * step}u, firstRow + o + ${row * LANES_OF_A_TOKEN}u, sum${row}_${token});`,
      ),
    ),
    '}',
  ];
  return defineKernel({
    name: 'block-sparse-workgroup-tile',
    inputs,
    outputs: { y: 'array<f32>' },
    uniforms: PRODUCT_UNIFORMS,
    body: [
      reader.source,
      form.declarations ?? '',
      epilogueSource(epilogue),
      `// A four more than needed, so that neighbouring rows lie in different banks.
var<workgroup> tileX: array<vec4f, ${TOKENS * (DEPTH + 1)}>;
var<workgroup> tileW: array<vec4f, ${rows * (DEPTH + 1)}>;
fn write(token: u32, row: u32, sums: vec4f) {
  if (token < uniforms.tokens && row < uniforms.outputs) {
    let output = uniforms.columnOffset + row;
    let index = token * uniforms.stride + output;
    y[index] = finish(dot(sums, vec4f(1.0)), output, index);
  }
}`,
      ...main,
    ],
  });
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

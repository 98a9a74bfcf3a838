import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../gpu/run-kernel';
import matmulSource from './decoded-matmul.wgsl?raw';
import matvecSource from './decoded-matvec.wgsl?raw';
import rowsSource from './decoded-rows.wgsl?raw';
import { FEW_TOKENS } from './dense-matmul';
import nOfMDecoder from './n-of-m-decoder.wgsl?raw';
import { packedValueInputs, type PackedValueBuffers, packedValueSource } from './packed-values';
import quantizedDecoder from './quantized-decoder.wgsl?raw';
import sparseDecoder from './sparse-decoder.wgsl?raw';

/** A span of a row that one invocation of `decodedRows` writes: a word of the sparse mask. */
const COLUMNS_OF_AN_INVOCATION = 32;

/**
 * A matrix that kernels read four weights of a row at a time. Its WGSL defines `Cursor`, `openRow(row, quad)` and
 * `nextQuad(&cursor)`; the drivers (product for many tokens, for few, row look-up) are the same for all.
 */
export interface DecodedMatrix {
  readonly shape: readonly [number, number];
  readonly name: string;
  readonly source: string;
  /** Tensors of the bindings 1 to 5. */
  readonly inputs: readonly tf.Tensor[];
}

/** Every weight as a code; rows begin at whole words. */
export function quantizedMatrix(values: PackedValueBuffers, shape: readonly [number, number]): DecodedMatrix {
  const { bits } = values.grid!;
  const width = shape[1];
  const slotsInARow = Math.ceil((width * bits) / 32) * (32 / bits);
  const constants = `const SLOTS_IN_A_ROW = ${slotsInARow}u;`;
  return {
    shape,
    name: `int${bits}`,
    source: [constants, packedValueSource(values), quantizedDecoder].join('\n'),
    inputs: [...packedValueInputs(values), values.data, values.data],
  };
}

/** @param mask [rows, ceil(width / 32)] words; @param firstSlots [rows] */
export function sparseMatrix(
  values: PackedValueBuffers,
  shape: readonly [number, number],
  mask: tf.Tensor,
  firstSlots: tf.Tensor,
): DecodedMatrix {
  const constants = `const MASK_WORDS_IN_A_ROW = ${Math.ceil(shape[1] / 32)}u;`;
  return {
    shape,
    name: 'sparse',
    source: [constants, packedValueSource(values), sparseDecoder].join('\n'),
    inputs: [...packedValueInputs(values), mask, firstSlots],
  };
}

/** @param indices packed, `indexBits` each */
export function nOfMMatrix(
  values: PackedValueBuffers,
  shape: readonly [number, number],
  indices: tf.Tensor,
  { kept, groupSize, indexBits }: { kept: number; groupSize: number; indexBits: number },
): DecodedMatrix {
  const constants = [
    `const N = ${kept}u;`,
    `const M = ${groupSize}u;`,
    `const SLOTS_IN_A_ROW = ${(shape[1] / groupSize) * kept}u;`,
    `const INDEX_BITS = ${indexBits}u;`,
    `const INDICES_IN_A_WORD = ${32 / indexBits}u;`,
  ];
  return {
    shape,
    name: 'n-of-m',
    source: [...constants, packedValueSource(values), nOfMDecoder].join('\n'),
    inputs: [...packedValueInputs(values), indices, indices],
  };
}

/** x · Wᵀ with W decoded on the way: [tokens, in] → [tokens, out]. */
export function decodedMatmul(x: tf.Tensor2D, matrix: DecodedMatrix): tf.Tensor2D {
  const [outputs, width] = matrix.shape;
  const tokens = x.shape[0];
  const few = tokens <= FEW_TOKENS;
  const source = [inputQuads(width), matrix.source, few ? matvecSource : matmulSource].join('\n');
  const [y] = runKernel(
    { name: `${matrix.name}-${few ? 'matvec' : 'matmul'}`, source },
    {
      inputs: [x, ...matrix.inputs],
      outputs: [{ shape: [tokens, outputs], dtype: 'float32' }],
      uniforms: [tokens, width, outputs],
      workgroups: few ? [Math.ceil(outputs / 64), tokens] : [Math.ceil(outputs / 32), Math.ceil(tokens / 32)],
    },
  );
  return y as tf.Tensor2D;
}

/** Rows by index: ids [n] int32 → [n, width]. */
export function decodedRows(ids: tf.Tensor1D, matrix: DecodedMatrix): tf.Tensor2D {
  const [, width] = matrix.shape;
  const [count] = ids.shape;
  const [y] = runKernel(
    { name: `${matrix.name}-rows`, source: [matrix.source, rowsSource].join('\n') },
    {
      inputs: [ids, ...matrix.inputs],
      outputs: [{ shape: [count, width], dtype: 'float32' }],
      uniforms: [count, width],
      workgroups: [Math.ceil((count * Math.ceil(width / COLUMNS_OF_AN_INVOCATION)) / 64)],
    },
  );
  return y as tf.Tensor2D;
}

/** WGSL of `inputQuad(token, quad)`: four activations at once where rows are whole quads, else padded with zeros. */
function inputQuads(width: number): string {
  if (width % 4 === 0) {
    return `@group(0) @binding(0) var<storage, read> x: array<vec4f>;
fn inputQuad(token: u32, quad: u32) -> vec4f {
  return x[token * ${width / 4}u + quad];
}`;
  }
  return `@group(0) @binding(0) var<storage, read> x: array<f32>;
fn inputQuad(token: u32, quad: u32) -> vec4f {
  var lanes = vec4f();
  for (var k = 0u; k < 4u; k++) {
    if (quad * 4u + k < ${width}u) {
      lanes[k] = x[token * ${width}u + quad * 4u + k];
    }
  }
  return lanes;
}`;
}

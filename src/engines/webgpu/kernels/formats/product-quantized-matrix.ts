import type * as tf from '@tensorflow/tfjs';
import type { DecodedMatrix, RowDecoder } from '../products/decoded-matrix';
import type { BoundBuffer } from '../wgsl/bound-buffers';
import type { KernelProfile } from '../wgsl/kernel-profile';
import decoder from './product-quantized-decoder.wgsl?raw';
import type { RowForm } from '../products/row-product';
import type { QuadForm } from '../products/token-tile';

/** Matrix whose rows consist of entries of a codebook. */
export interface ProductQuantizedBuffers {
  /** [rows, words]: entry index of each block of columns; rows begin at word boundaries. */
  readonly indices: tf.Tensor;
  readonly indexBits: 4 | 8 | 16;
  /** [entries, block size] float32 */
  readonly codebook: tf.Tensor;
}

/** @param shape [rows, width], with the width a multiple of the block size */
export function productQuantizedMatrix(
  { indices, indexBits, codebook }: ProductQuantizedBuffers,
  shape: readonly [number, number],
): DecodedMatrix {
  const [rows, width] = shape;
  const blockSize = codebook.shape[1]!;
  const layout: Layout = {
    width,
    blockSize,
    indexBits,
    wordsInARow: indices.size / rows,
    isWhole: blockSize % 4 === 0,
  };
  const inputs: BoundBuffer[] = [
    { name: 'indices', type: 'array<u32>', tensor: indices },
    { name: 'codebook', type: layout.isWhole ? 'array<vec4f>' : 'array<f32>', tensor: codebook },
  ];
  return {
    shape,
    name: 'product-quantized',
    key: `codebook ${width}/${blockSize} by ${indexBits} bits`,
    source: [constants(layout), decoder, quadSource(layout)].join('\n'),
    inputs,
    rowDecoder: rowDecoder(layout, inputs),
    quadForm: layout.isWhole ? tileForm(layout, inputs) : undefined,
  };
}

interface Layout {
  readonly width: number;
  readonly blockSize: number;
  readonly indexBits: number;
  readonly wordsInARow: number;
  /** Whether entries consist of whole quads. */
  readonly isWhole: boolean;
}

function constants({ blockSize, indexBits, wordsInARow }: Layout): string {
  return `const BLOCK_SIZE = ${blockSize}u;
const INDEX_BITS = ${indexBits}u;
const INDICES_IN_A_WORD = ${32 / indexBits}u;
const WORDS_IN_A_ROW = ${wordsInARow}u;`;
}

/** WGSL of `quadAt`: four weights of a row. */
function quadSource({ isWhole }: Layout): string {
  if (isWhole) {
    return `fn quadAt(row: u32, column: u32) -> vec4f {
  return codebook[indexAt(row, column / BLOCK_SIZE) * (BLOCK_SIZE / 4u) + column % BLOCK_SIZE / 4u];
}`;
  }
  return `fn weightAt(row: u32, column: u32) -> f32 {
  return codebook[indexAt(row, column / BLOCK_SIZE) * BLOCK_SIZE + column % BLOCK_SIZE];
}
fn quadAt(row: u32, column: u32) -> vec4f {
  return vec4f(weightAt(row, column), weightAt(row, column + 1u), weightAt(row, column + 2u), weightAt(row, column + 3u));
}`;
}

/**
 * Row decoder, for few tokens. On software adapters a step is a whole word of indices, which is read once; on GPUs it is one
 * block, so that all lanes have steps.
 */
function rowDecoder(layout: Layout, inputs: readonly BoundBuffer[]): RowDecoder | undefined {
  if (!layout.isWhole) return undefined;
  return { inputs, form: (profile) => rowForm(layout, inputs, blocksOfAStep(layout, profile)) };
}

function blocksOfAStep({ width, blockSize, indexBits }: Layout, { name }: KernelProfile): number {
  const blocks = 32 / indexBits;
  return name === 'software' && width % (blocks * blockSize) === 0 ? blocks : 1;
}

function rowForm(layout: Layout, inputs: readonly BoundBuffer[], blocks: number): RowForm {
  const { blockSize, indexBits } = layout;
  const quads = blockSize / 4;
  return {
    name: 'product-quantized',
    inputs,
    declarations: constants(layout),
    columnsPerStep: blocks * blockSize,
    rowState: (r) => `  let words${r} = row${r} * WORDS_IN_A_ROW;`,
    rowStep: (r) => {
      const word =
        blocks === 1
          ? `indices[words${r} + step / INDICES_IN_A_WORD] >> (step % INDICES_IN_A_WORD * INDEX_BITS)`
          : `indices[words${r} + step]`;
      const products = range(blocks).flatMap((block) => [
        `    let entry${r}_${block} = extractBits(word${r}, ${block * indexBits}u, INDEX_BITS) * ${quads}u;`,
        ...range(quads).map(
          (quad) => `    sum${r} += dot(x${block * quads + quad}, codebook[entry${r}_${block} + ${quad}u]);`,
        ),
      ]);
      return [`    let word${r} = ${word};`, ...products].join('\n');
    },
  };
}

/** Quad form, for many tokens; a word of indices is read once. */
function tileForm(layout: Layout, inputs: readonly BoundBuffer[]): QuadForm {
  return {
    name: 'product-quantized',
    inputs,
    declarations: `${constants(layout)}
const BLOCK_QUADS = BLOCK_SIZE / 4u;
const WORD_QUADS = BLOCK_QUADS * INDICES_IN_A_WORD;
fn entryQuad(word: ptr<function, u32>, firstWord: u32, quad: u32) -> vec4f {
  if (quad % WORD_QUADS == 0u) {
    *word = indices[firstWord + quad / WORD_QUADS];
  }
  let index = extractBits(*word, quad / BLOCK_QUADS % INDICES_IN_A_WORD * INDEX_BITS, INDEX_BITS);
  return codebook[index * BLOCK_QUADS + quad % BLOCK_QUADS];
}`,
    rowState: (r) => `  let words${r} = row${r} * WORDS_IN_A_ROW;\n  var word${r} = 0u;`,
    rowQuad: (r) => `entryQuad(&word${r}, words${r}, quad)`,
  };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

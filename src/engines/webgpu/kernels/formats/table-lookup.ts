import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import {
  type Epilogue,
  epilogueBuffers,
  type EpilogueConfig,
  epilogueConfig,
  epilogueSource,
  epilogueTensors,
} from '../wgsl/epilogue';
import { kernelProfile } from '../wgsl/kernel-profile';
import { FEW_TOKENS } from '../products/dense-matmul';
import type { ProductQuantizedBuffers } from './product-quantized-matrix';
import lookupBody from './table-lookup.wgsl?raw';

/** Blocks of activations that an invocation of the first kernel holds, and entries that it compares them with. */
const BLOCKS_TOGETHER = 8;
const ENTRIES_IN_TURN = 16;
/** Maximum block size that fits the registers. */
const GREATEST_BLOCK = 16;

/**
 * Whether products with this many tokens are faster by lookup tables than by decoding rows. Measured on SwiftShader, where a
 * scalar read costs a quarter of a read of four: a block of weights then takes one scalar read, whatever its size. The tables
 * must serve enough rows.
 */
export function looksUpTables(
  { codebook }: ProductQuantizedBuffers,
  [outputs]: readonly [number, number],
  tokens: number,
): boolean {
  const [entries, size] = codebook.shape;
  if (kernelProfile().name !== 'software' || tokens > FEW_TOKENS) return false;
  return size % 4 === 0 && size <= GREATEST_BLOCK && outputs >= entries!;
}

/**
 * activation(x · Wᵀ + bias) + residual, [tokens, in] → [tokens, out]: first computes the products of every block of
 * activations with every entry of the codebook; a row of W is then a sum of the products that its indices select (Jégou et
 * al. 2011, "Product Quantization for Nearest Neighbor Search", section 3.2).
 * @param shape [out, in], with the width a multiple of the block size, which is a multiple of 4
 */
export function tableLookupMatmul(
  x: tf.Tensor2D,
  buffers: ProductQuantizedBuffers,
  [outputs, width]: readonly [number, number],
  epilogue: Epilogue = {},
): tf.Tensor2D {
  const { indices, indexBits, codebook } = buffers;
  const [tokens] = x.shape;
  const [entries, size] = codebook.shape as [number, number];
  const blocks = width / size;
  const tables = productTables(x, codebook, blocks);
  const { y } = sumKernel({ indexBits, ...epilogueConfig(epilogue) }).run({
    inputs: { tables, indices, ...epilogueTensors(epilogue) },
    outputs: { y: [tokens, outputs] },
    uniforms: { outputs, blocks, words: indices.size / outputs, entries },
    workgroups: [Math.ceil(outputs / 64), tokens],
  });
  tables.dispose();
  return y;
}

/** Products of all blocks with all entries: [tokens, in] → [tokens, blocks, entries]. */
function productTables(x: tf.Tensor2D, codebook: tf.Tensor, blocks: number): tf.Tensor3D {
  const [tokens] = x.shape;
  const [entries, size] = codebook.shape as [number, number];
  const invocations = Math.ceil(blocks / BLOCKS_TOGETHER) * Math.ceil(entries / ENTRIES_IN_TURN);
  return tableKernel({ quads: size / 4 }).run({
    inputs: { x, codebook },
    outputs: { tables: [tokens, blocks, entries] },
    uniforms: { blocks, entries },
    workgroups: [Math.ceil(invocations / 16), tokens],
  }).tables;
}

const tableKernel = kernelFamily(({ quads }: { quads: number }) => {
  const blocks = range(BLOCKS_TOGETHER);
  const parts = range(quads);
  const reads = blocks.flatMap((b) => [
    // Blocks past the last one repeat it without being written.
    `  let at${b} = (token * uniforms.blocks + min(firstBlock + ${b}u, uniforms.blocks - 1u)) * ${quads}u;`,
    ...parts.map((q) => `  let x${b}_${q} = x[at${b} + ${q}u];`),
  ]);
  const products = blocks.map((b) => {
    const product = parts.map((q) => `dot(x${b}_${q}, c${q})`).join(' + ');
    return `    if (firstBlock + ${b}u < uniforms.blocks) { tables[row + ${b}u * uniforms.entries + entry] = ${product}; }`;
  });
  return defineKernel({
    name: 'product-tables',
    inputs: { x: 'array<vec4f>', codebook: 'array<vec4f>' },
    outputs: { tables: 'array<f32>' },
    uniforms: { blocks: 'u32', entries: 'u32' },
    body: `@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let token = id.y;
  let turns = (uniforms.entries + ${ENTRIES_IN_TURN - 1}u) / ${ENTRIES_IN_TURN}u;
  let firstBlock = id.x / turns * ${BLOCKS_TOGETHER}u;
  if (firstBlock >= uniforms.blocks) {
    return;
  }
  let firstEntry = id.x % turns * ${ENTRIES_IN_TURN}u;
${reads.join('\n')}
  let row = (token * uniforms.blocks + firstBlock) * uniforms.entries;
  for (var entry = firstEntry; entry < min(firstEntry + ${ENTRIES_IN_TURN}u, uniforms.entries); entry++) {
${parts.map((q) => `    let c${q} = codebook[entry * ${quads}u + ${q}u];`).join('\n')}
${products.join('\n')}
  }
}`,
  });
});

const sumKernel = kernelFamily(({ indexBits, ...epilogue }: { indexBits: number } & EpilogueConfig) => {
  const inAWord = range(32 / indexBits);
  const lookUps = inAWord.map(
    (k) =>
      `  let found${k} = tables[first + ${k}u * uniforms.entries + extractBits(word, ${k * indexBits}u, ${indexBits}u)];`,
  );
  return defineKernel({
    name: 'table-lookup',
    inputs: { tables: 'array<f32>', indices: 'array<u32>', ...epilogueBuffers(epilogue) },
    outputs: { y: 'array<f32>' },
    uniforms: {
      outputs: 'u32',
      blocks: 'u32',
      /** Words of indices per row. */
      words: 'u32',
      entries: 'u32',
    },
    constants: { INDEX_BITS: indexBits, INDICES_IN_A_WORD: inAWord.length },
    body: [
      epilogueSource(epilogue),
      lookupBody,
      `fn sumOfWord(first: u32, word: u32) -> f32 {
${lookUps.join('\n')}
  return ${inAWord.map((k) => `found${k}`).join(' + ')};
}`,
    ],
  });
});

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

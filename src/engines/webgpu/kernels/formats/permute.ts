import type * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import {
  type Epilogue,
  epilogueBuffers,
  type EpilogueConfig,
  epilogueConfig,
  epilogueSource,
  epilogueTensors,
} from '../wgsl/epilogue';
import columnsBody from './permute-columns.wgsl?raw';
import idsBody from './permute-ids.wgsl?raw';
import entrySource from './permutation.wgsl?raw';

/** Permutation of the numbers below `length`, in the layout of `packPermutation`. */
export interface Permutation {
  readonly length: number;
  /** [words] of 32 bits */
  readonly words: tf.Tensor;
}

/** Maximum length of permutations with 16-bit entries, two per word. */
const PACKED_LENGTH = 2 ** 16;

const idsKernel = kernelFamily(({ packed }: { packed: boolean }) =>
  elementKernel(
    {
      name: 'permute-ids',
      inputs: { ids: 'array<i32>', permutation: 'array<u32>' },
      outputs: { found: 'array<i32>' },
      uniforms: { count: 'u32' },
      constants: { PACKED: packed },
      body: [idsBody, entrySource],
    },
    'uniforms.count',
  ),
);

const columnsKernel = kernelFamily(
  ({ packed, gather, ...epilogue }: { packed: boolean; gather: boolean } & EpilogueConfig) =>
    elementKernel({
      name: 'permute-columns',
      inputs: { x: 'array<f32>', permutation: 'array<u32>', ...epilogueBuffers(epilogue) },
      outputs: { y: 'array<f32>' },
      uniforms: { elements: 'u32', width: 'u32' },
      constants: { PACKED: packed, GATHER: gather },
      body: [epilogueSource(epilogue), entrySource, columnsBody],
    }),
);

/** Number of 32-bit words for a permutation of this length. */
export function permutationWords(length: number): number {
  return isPacked(length) ? Math.ceil(length / 2) : length;
}

/** Packs two entries per word, the first in the lower 16 bits, if all fit 16 bits; else one. */
export function packPermutation(entries: Uint32Array): Uint32Array<ArrayBuffer> {
  if (!isPacked(entries.length)) return Uint32Array.from(entries);
  const words = new Uint32Array(permutationWords(entries.length));
  entries.forEach((entry, position) => (words[position >> 1] |= entry << (16 * (position & 1))));
  return words;
}

/** Inverse of `packPermutation`. */
export function unpackPermutation(words: Uint32Array, length: number): Uint32Array {
  if (!isPacked(length)) return Uint32Array.from(words);
  return Uint32Array.from(
    { length },
    (_, position) => (words[position >> 1] >>> (16 * (position & 1))) & 0xffff,
  );
}

/** y[:, k] = x[:, permutation[k]], then the epilogue: [rows, length] → [rows, length]. */
export function gatherPermuted(
  x: tf.Tensor2D,
  permutation: Permutation,
  epilogue: Epilogue = {},
): tf.Tensor2D {
  return permuteColumns(x, permutation, true, epilogue);
}

/** y[:, permutation[k]] = x[:, k]: [rows, length] → [rows, length]. */
export function scatterPermuted(x: tf.Tensor2D, permutation: Permutation): tf.Tensor2D {
  return permuteColumns(x, permutation, false, {});
}

/** permutation[ids[n]]: [n] int32 → [n] int32. */
export function permuteIds(ids: tf.Tensor1D, { words, length }: Permutation): tf.Tensor1D {
  return idsKernel({ packed: isPacked(length) }).run({
    inputs: { ids, permutation: words },
    outputs: { found: ids.shape },
    uniforms: { count: ids.size },
    workgroups: workgroupsOf(ids.size),
  }).found;
}

function permuteColumns(
  x: tf.Tensor2D,
  { words, length }: Permutation,
  gather: boolean,
  epilogue: Epilogue,
): tf.Tensor2D {
  const kernel = columnsKernel({ packed: isPacked(length), gather, ...epilogueConfig(epilogue) });
  return kernel.run({
    inputs: { x, permutation: words, ...epilogueTensors(epilogue) },
    outputs: { y: x.shape },
    uniforms: { elements: x.size, width: length },
    workgroups: workgroupsOf(x.size),
  }).y;
}

function isPacked(length: number): boolean {
  return length <= PACKED_LENGTH;
}

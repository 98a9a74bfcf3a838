import type * as tf from '@tensorflow/tfjs';
import { type Kernel, runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { declareInputs, type Epilogue, epilogueInputs, epilogueKey, epilogueSource } from '../wgsl/epilogue';
import { kernelMemo } from '../wgsl/kernel-memo';
import columnsSource from './permute-columns.wgsl?raw';
import idsSource from './permute-ids.wgsl?raw';
import entrySource from './permutation.wgsl?raw';

/** A permutation of numbers below `length`, as `packPermutation` lays it out. */
export interface Permutation {
  readonly length: number;
  /** [words] of 32 bits */
  readonly words: tf.Tensor;
}

/** Entries up to this many fit 16 bits, two a word. */
const PACKED_LENGTH = 2 ** 16;

const remember = kernelMemo();

/** 32-bit words that a permutation of so many numbers takes. */
export function permutationWords(length: number): number {
  return isPacked(length) ? Math.ceil(length / 2) : length;
}

/** Two entries a word, the first in its lower 16 bits, where all fit 16 bits; else one. */
export function packPermutation(entries: Uint32Array): Uint32Array<ArrayBuffer> {
  if (!isPacked(entries.length)) return Uint32Array.from(entries);
  const words = new Uint32Array(permutationWords(entries.length));
  entries.forEach((entry, position) => (words[position >> 1] |= entry << (16 * (position & 1))));
  return words;
}

/** The entries again. */
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
  const packed = isPacked(length);
  const kernel = remember(`ids ${packed}`, () =>
    elementKernel(
      {
        name: 'permute-ids',
        source: `${idsSource}\n${entrySource}`,
        constants: { PACKED: packed },
      },
      'uniforms.count',
    ),
  );
  const [found] = runKernel(kernel, {
    inputs: [ids, words],
    outputs: [{ shape: [ids.size], dtype: 'int32' }],
    uniforms: [ids.size],
    workgroups: workgroupsOf(ids.size),
  });
  return found as tf.Tensor1D;
}

function permuteColumns(
  x: tf.Tensor2D,
  { words, length }: Permutation,
  gather: boolean,
  epilogue: Epilogue,
): tf.Tensor2D {
  const packed = isPacked(length);
  const key = `columns ${packed} ${gather} ${epilogueKey(epilogue)}`;
  const kernel = remember(key, () => columnsKernel(packed, gather, epilogue));
  const [y] = runKernel(kernel, {
    inputs: [x, words, ...epilogueInputs(epilogue).map(({ tensor }) => tensor)],
    outputs: [{ shape: x.shape, dtype: 'float32' }],
    uniforms: [x.size, length],
    workgroups: workgroupsOf(x.size),
  });
  return y as tf.Tensor2D;
}

function columnsKernel(packed: boolean, gather: boolean, epilogue: Epilogue): Kernel {
  const inputs = [
    { name: 'x', type: 'array<f32>' },
    { name: 'permutation', type: 'array<u32>' },
    ...epilogueInputs(epilogue),
  ];
  return elementKernel({
    name: 'permute-columns',
    constants: { PACKED: packed, GATHER: gather },
    source: `${declareInputs(inputs)}
@group(0) @binding(${inputs.length}) var<storage, read_write> y: array<f32>;
@group(0) @binding(${inputs.length + 1}) var<uniform> uniforms: Uniforms;
${epilogueSource(epilogue)}
${entrySource}
${columnsSource}`,
  });
}

function isPacked(length: number): boolean {
  return length <= PACKED_LENGTH;
}

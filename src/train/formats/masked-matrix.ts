import * as tf from '@tensorflow/tfjs';
import { readFloats, uploadTensor, writeElements } from '../../engines/webgpu/transfer';
import { BlockSparseWeight } from '../../weights/formats/block-sparse-weight';
import type { LinearWeight } from '../../weights/linear-weight';
import { NOfMWeight } from '../../weights/formats/n-of-m-weight';
import { SparseWeight } from '../../weights/formats/sparse-weight';
import { readStoredFloats, stores, withStoredValues } from '../stored-tensors';
import type { TrainableFormat } from '../trainable-format';
import type { TrainableMatrix, TrainableTensor } from '../trainable-matrix';
import { QuantizedMatrix } from './quantized-matrix';

/** Storage pattern of the weights that a mask keeps. */
export type MaskPattern =
  | { readonly kind: 'unstructured' }
  /** At most `kept` values in each group of columns. */
  | { readonly kind: 'n-of-m'; readonly kept: number; readonly groupSize: number }
  /** Whole blocks of [rows, columns]; a block is stored if any of its weights is kept. */
  | { readonly kind: 'blocks'; readonly block: readonly [number, number] };

/** values ⊙ mask. Masked values have no gradient and are 0 in the resulting weight. */
export class MaskedMatrix implements TrainableMatrix {
  readonly shape: readonly [number, number];
  readonly parameters: readonly TrainableTensor[];

  private constructor(
    /** Unmasked values [out, in]: masked ones do not change, except by an optimizer's momentum and decay. */
    readonly values: tf.Tensor2D,
    /** [out, in], 1 for kept values, 0 elsewhere. */
    readonly mask: tf.Tensor2D,
    private readonly pattern: MaskPattern,
    name: string,
  ) {
    this.shape = values.shape;
    this.parameters = [{ name: `${name}.values`, tensor: values, decays: true }];
  }

  /**
   * @param values row-major [out, in]; @param mask 1 for kept values, 0 elsewhere
   * @param name module or factor
   */
  static fromValues(
    values: Float32Array,
    mask: Float32Array,
    shape: readonly [number, number],
    pattern: MaskPattern,
    name: string,
  ): MaskedMatrix {
    const [values2D, mask2D] = [values, mask].map((data) => uploadTensor(data, [...shape]) as tf.Tensor2D);
    return new MaskedMatrix(values2D, mask2D, pattern, name);
  }

  /** Masks a sparse weight: the mask keeps every stored value, zeros included. */
  static async of(weight: LinearWeight, name: string): Promise<MaskedMatrix> {
    const stored = await readStoredFloats(weight, 'values');
    const marked = await withStoredValues(weight, 'values', stored.fill(1));
    try {
      const mask = await marked.dense();
      return MaskedMatrix.fromValues(await weight.dense(), mask, weight.shape, patternOf(weight), name);
    } finally {
      marked.dispose();
    }
  }

  /** Any weight with a mask that keeps everything. @param pattern of later masks */
  static async unmasked(weight: LinearWeight, pattern: MaskPattern, name: string): Promise<MaskedMatrix> {
    const values = await weight.dense();
    const mask = new Float32Array(values.length).fill(1);
    return MaskedMatrix.fromValues(values, mask, weight.shape, pattern, name);
  }

  /**
   * Replaces the mask; values that return have their value in `values`.
   * @param mask row-major [out, in], 1 for kept values, 0 elsewhere
   */
  setMask(mask: Float32Array): void {
    writeElements(this.mask, 0, mask);
  }

  /** Mask, row-major [out, in]. */
  readMask(): Promise<Float32Array> {
    return readFloats(this.mask);
  }

  dense(): tf.Tensor2D {
    return tf.mul(this.values, this.mask);
  }

  /** @throws Error if the mask keeps more of a group than the pattern allows */
  async toWeight(): Promise<LinearWeight> {
    const mask = await readFloats(this.mask);
    const values = await readFloats(this.values);
    const kept = values.map((value, index) => (mask[index] ? value : 0));
    if (this.pattern.kind !== 'blocks') return withPattern(kept, mask, this.shape, this.pattern);
    const { block } = this.pattern;
    return BlockSparseWeight.fromKept(kept, this.shape, block, keptBlocks(mask, this.shape, block));
  }

  dispose(): void {
    tf.dispose([this.values, this.mask]);
  }
}

function patternOf(weight: LinearWeight): MaskPattern {
  if (weight instanceof NOfMWeight) return { kind: 'n-of-m', ...weight.pattern };
  if (weight instanceof BlockSparseWeight) return { kind: 'blocks', block: weight.block };
  return { kind: 'unstructured' };
}

/** Stores values by the mask's pattern: a kept value that happens to be 0 is stored. */
async function withPattern(
  values: Float32Array,
  mask: Float32Array,
  shape: readonly [number, number],
  pattern: Exclude<MaskPattern, { kind: 'blocks' }>,
): Promise<LinearWeight> {
  const marked =
    pattern.kind === 'n-of-m'
      ? NOfMWeight.fromDense(mask, shape, pattern.kept, pattern.groupSize)
      : SparseWeight.fromDense(mask, shape);
  try {
    const stored = await readStoredFloats(marked, 'values');
    const places = await placesOf(marked, stored);
    // If nothing is kept, one unused value is stored.
    const slots = Float32Array.from(stored, (_, slot) => (slot < places.length ? values[places[slot]] : 0));
    return await withStoredValues(marked, 'values', slots);
  } finally {
    marked.dispose();
  }
}

/** Position of each stored value, row by row; for N:M this includes zeros that fill up a group. */
async function placesOf(weight: LinearWeight, stored: Float32Array): Promise<number[]> {
  const everything = await withStoredValues(weight, 'values', stored.slice().fill(1));
  const dense = await everything.dense();
  everything.dispose();
  const places: number[] = [];
  dense.forEach((value, place) => {
    if (value) places.push(place);
  });
  return places;
}

/** Marks each block, row by row of the grid of blocks, with any kept weight. */
function keptBlocks(
  mask: Float32Array,
  [rows, columns]: readonly [number, number],
  [height, width]: readonly [number, number],
): boolean[] {
  const across = Math.ceil(columns / width);
  const kept = Array<boolean>(Math.ceil(rows / height) * across).fill(false);
  mask.forEach((value, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    if (value) kept[Math.floor(row / height) * across + Math.floor(column / width)] = true;
  });
  return kept;
}

/** Trains the scales of quantized values, and float32 values directly. */
function sparseFormatOf(id: string): TrainableFormat {
  return {
    id,
    of: (weight, name) =>
      stores(weight, 'scales') ? QuantizedMatrix.of(weight, name) : MaskedMatrix.of(weight, name),
  };
}

export const sparseFormat = sparseFormatOf('sparse');
export const nOfMFormat = sparseFormatOf('n-of-m');
export const blockSparseFormat = sparseFormatOf('block-sparse');

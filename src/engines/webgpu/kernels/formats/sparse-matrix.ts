import type * as tf from '@tensorflow/tfjs';
import type { DecodedMatrix } from '../products/decoded-matrix';
import {
  packedValueInputs,
  packedValueKey,
  type PackedValueBuffers,
  packedValueSource,
} from './packed-values';
import { sparseQuadForm } from './sparse-quads';
import { sparseRowDecoder } from './sparse-rows';
import decoder from './sparse-decoder.wgsl?raw';

/**
 * Matrix of the values at the set bits of a mask.
 * @param shape [rows, width]
 * @param mask [rows, ceil(width / 32)] words
 * @param firstSlots [rows]
 */
export function sparseMatrix(
  values: PackedValueBuffers,
  shape: readonly [number, number],
  mask: tf.Tensor,
  firstSlots: tf.Tensor,
): DecodedMatrix {
  const [, width] = shape;
  const constants = `const MASK_WORDS_IN_A_ROW = ${Math.ceil(width / 32)}u;`;
  return {
    shape,
    name: 'sparse',
    key: `sparse ${width} ${packedValueKey(values)}`,
    source: [constants, packedValueSource(values), decoder].join('\n'),
    inputs: [
      ...packedValueInputs(values),
      { name: 'mask', type: 'array<u32>', tensor: mask },
      { name: 'firstSlots', type: 'array<u32>', tensor: firstSlots },
    ],
    sequential: true,
    rowDecoder: values.grid ? undefined : sparseRowDecoder(values.data, mask, firstSlots, width),
    quadForm: values.grid ? undefined : sparseQuadForm(values.data, mask, firstSlots, width),
  };
}

import type * as tf from '@tensorflow/tfjs';
import type { DecodedMatrix } from '../products/decoded-matrix';
import decoder from './n-of-m-decoder.wgsl?raw';
import {
  packedValueInputs,
  packedValueKey,
  type PackedValueBuffers,
  packedValueSource,
} from './packed-values';
import { twoOfFourQuadForm } from './two-of-four-quads';
import { twoOfFourRowDecoder } from './two-of-four-rows';

/** Number of kept values and group size, and the bits of an index. */
export interface GroupPattern {
  readonly kept: number;
  readonly groupSize: number;
  readonly indexBits: number;
}

/**
 * Matrix with N of M values in each group.
 * @param shape [rows, width]
 * @param indices packed, `indexBits` each
 */
export function nOfMMatrix(
  values: PackedValueBuffers,
  shape: readonly [number, number],
  indices: tf.Tensor,
  { kept, groupSize, indexBits }: GroupPattern,
): DecodedMatrix {
  const [, width] = shape;
  const constants = [
    `const N = ${kept}u;`,
    `const M = ${groupSize}u;`,
    `const SLOTS_IN_A_ROW = ${(width / groupSize) * kept}u;`,
    `const INDEX_BITS = ${indexBits}u;`,
    `const INDICES_IN_A_WORD = ${32 / indexBits}u;`,
  ];
  const isTwoOfFour = kept === 2 && groupSize === 4;
  return {
    shape,
    name: 'n-of-m',
    key: `${kept} of ${groupSize} ${width} ${packedValueKey(values)}`,
    source: [...constants, packedValueSource(values), decoder].join('\n'),
    inputs: [...packedValueInputs(values), { name: 'indices', type: 'array<u32>', tensor: indices }],
    rowDecoder: isTwoOfFour ? twoOfFourRowDecoder(values, indices, width) : undefined,
    quadForm: isTwoOfFour ? twoOfFourQuadForm(values, indices, width) : undefined,
  };
}

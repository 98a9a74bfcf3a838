import type { DecodedMatrix } from './decoded-matrix';
import {
  packedValueInputs,
  packedValueKey,
  type PackedValueBuffers,
  packedValueSource,
} from './packed-values';
import decoder from './quantized-decoder.wgsl?raw';
import { quantizedQuadForm } from './quantized-quads';
import { quantizedRowDecoder } from './quantized-rows';

/** Every weight as a code; rows begin at whole words. @param shape [rows, width] */
export function quantizedMatrix(values: PackedValueBuffers, shape: readonly [number, number]): DecodedMatrix {
  const { bits } = values.grid!;
  const [, width] = shape;
  const slotsInARow = Math.ceil((width * bits) / 32) * (32 / bits);
  const constants = `const SLOTS_IN_A_ROW = ${slotsInARow}u;`;
  return {
    shape,
    name: `int${bits}`,
    key: `codes ${width} ${packedValueKey(values)}`,
    source: [constants, packedValueSource(values), decoder].join('\n'),
    inputs: packedValueInputs(values),
    rowDecoder: quantizedRowDecoder(values, width),
    quadForm: quantizedQuadForm(values, width),
  };
}

import type { DecodedMatrix } from '../products/decoded-matrix';
import { narrowQuadForm } from './narrow-code-quads';
import { narrowRowDecoder } from './narrow-code-rows';
import {
  packedValueInputs,
  packedValueKey,
  type PackedValueBuffers,
  packedValueSource,
  slotsInARow,
} from './packed-values';
import decoder from './quantized-decoder.wgsl?raw';
import { quantizedQuadForm } from './quantized-quads';
import { quantizedRowDecoder } from './quantized-rows';

/** Matrix of dense codes; rows begin at word boundaries. @param shape [rows, width] */
export function quantizedMatrix(values: PackedValueBuffers, shape: readonly [number, number]): DecodedMatrix {
  const { bits } = values.grid!;
  const [, width] = shape;
  const isNarrow = bits === 3 || bits === 2;
  const constants = `const SLOTS_IN_A_ROW = ${slotsInARow(width, bits)}u;`;
  return {
    shape,
    name: `int${bits}`,
    key: `codes ${width} ${packedValueKey(values)}`,
    source: [constants, packedValueSource(values), decoder].join('\n'),
    inputs: packedValueInputs(values),
    rowDecoder: isNarrow ? narrowRowDecoder(values, width) : quantizedRowDecoder(values, width),
    quadForm: isNarrow ? narrowQuadForm(values, width) : quantizedQuadForm(values, width),
  };
}

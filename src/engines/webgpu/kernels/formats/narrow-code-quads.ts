import {
  type CodeGrid,
  packedValueInputs,
  type PackedValueBuffers,
  slotsInARow,
  zeroPointSource,
} from './packed-values';
import type { QuadForm } from '../products/token-tile';

/**
 * Quad form of 3- or 2-bit codes, for many tokens. A quad of 2-bit codes is one byte; one of 3-bit codes takes 12 bits, which
 * may straddle two words.
 * @returns undefined if a quad may have several scales
 */
export function narrowQuadForm(values: PackedValueBuffers, width: number): QuadForm | undefined {
  const grid = values.grid!;
  const { bits, signed, groupsPerRow, groupSize } = grid;
  const isGrouped = groupsPerRow > 1;
  if (isGrouped && groupSize % 4 !== 0) return undefined;
  const hasZeroPoints = values.zeroPoints !== undefined;
  const scaleOf = (r: number) => {
    if (isGrouped) return `row${r} * ${groupsPerRow}u + group`;
    return groupsPerRow === 0 ? '0u' : `row${r}`;
  };
  const zeroOf = (r: number) => {
    if (signed) return `${2 ** (bits - 1)}.0`;
    return isGrouped ? `zeroPointOf(${scaleOf(r)})` : `zero${r}`;
  };
  const wordsInARow = (slotsInARow(width, bits) * bits) / 32;
  return {
    name: `int${bits}`,
    inputs: packedValueInputs(values),
    declarations: [hasZeroPoints ? zeroPointSource(true) : '', codesSource(grid)].join('\n'),
    rowState: (r) =>
      [
        `  let words${r} = row${r} * ${wordsInARow}u;`,
        isGrouped ? '' : `  let scale${r} = scales[${scaleOf(r)}];`,
        hasZeroPoints && !isGrouped ? `  let zero${r} = zeroPointOf(${scaleOf(r)});` : '',
      ].join('\n'),
    quadSource: [
      `    let word = quad * ${4 * bits}u / 32u;`,
      `    let offset = quad * ${4 * bits}u % 32u;`,
      isGrouped ? `    let group = quad * 4u / ${groupSize}u;` : '',
    ].join('\n'),
    rowQuad: (r) =>
      `(codesAt(words${r} + word, offset) - ${zeroOf(r)}) * ${isGrouped ? `scales[${scaleOf(r)}]` : `scale${r}`}`,
  };
}

/** WGSL of `codesAt`: four codes starting at a bit of a word, offset by half their range if signed. */
function codesSource({ bits, signed }: CodeGrid): string {
  const lanes = [0, 1, 2, 3];
  const masks = lanes.map((lane) => (2 ** bits - 1) << (lane * bits)).join(', ');
  const powers = lanes.map((lane) => `0x1p-${lane * bits}f`).join(', ');
  const flipped = lanes.reduce((all, lane) => all | (1 << (lane * bits + bits - 1)), 0);
  // Shifts in two steps, because a shift by 32 acts as a shift by 0.
  const straddling = `(codeWords[word] >> offset) | ((codeWords[word + 1u] << 1u) << (31u - offset))`;
  return `fn codesAt(word: u32, offset: u32) -> vec4f {
  let found = ${bits === 3 ? straddling : 'codeWords[word] >> offset'};
  let fields = vec4i(bitcast<i32>(found${signed ? ` ^ ${flipped}u` : ''})) & vec4i(${masks});
  return vec4f(fields) * vec4f(${powers});
}`;
}

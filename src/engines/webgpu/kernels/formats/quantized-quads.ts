import { type CodeGrid, type PackedValueBuffers, packedValueInputs, zeroPointSource } from './packed-values';
import type { QuadForm } from '../products/token-tile';

/**
 * Quad form of codes, for many tokens, four codes of a word at a time, extracted by masks and conversion as in
 * `quantized-rows.ts`; a word holds two quads of 4-bit codes.
 * @returns undefined if a quad may have several scales
 */
export function quantizedQuadForm(values: PackedValueBuffers, width: number): QuadForm | undefined {
  const grid = values.grid!;
  const { bits, groupsPerRow, groupSize } = grid;
  if (groupsPerRow > 1 && groupSize % 4 !== 0) return undefined;
  const hasZeroPoints = values.zeroPoints !== undefined;
  const isGrouped = groupsPerRow > 1;
  const scaleOf = (r: number) => {
    if (isGrouped) return `row${r} * ${groupsPerRow}u + group`;
    return groupsPerRow === 0 ? '0u' : `row${r}`;
  };
  const wordsInARow = Math.ceil((width * bits) / 32);
  const zero = (r: number) =>
    hasZeroPoints ? ` - vec4f(${isGrouped ? `zeroPointOf(${scaleOf(r)})` : `zero${r}`})` : '';
  const word = bits === 8 ? 'quad' : 'quad / 2u';
  return {
    name: `int${bits}`,
    inputs: packedValueInputs(values, 'array<i32>'),
    declarations: [hasZeroPoints ? zeroPointSource(true) : '', codesSource(grid)].join('\n'),
    rowState: (r) =>
      [
        `  let words${r} = row${r} * ${wordsInARow}u;`,
        isGrouped ? '' : `  let scale${r} = scales[${scaleOf(r)}];`,
        hasZeroPoints && !isGrouped ? `  let zero${r} = zeroPointOf(${scaleOf(r)});` : '',
      ].join('\n'),
    quadSource: [
      `    let word = ${word};`,
      bits === 4
        ? `    let isHigh = vec4<bool>((quad & 1u) == 1u);
    let masks = select(LOW_MASKS, HIGH_MASKS, isHigh);
    let factors = select(LOW_FACTORS, HIGH_FACTORS, isHigh);`
        : '',
      isGrouped ? `    let group = quad * 4u / ${groupSize}u;` : '',
    ].join('\n'),
    rowQuad: (r) => {
      const scale = isGrouped ? `scales[${scaleOf(r)}]` : `scale${r}`;
      return `(codes(codeWords[words${r} + word]${bits === 4 ? ', masks, factors' : ''})${zero(r)}) * ${scale}`;
    },
  };
}

/** WGSL of `codes`, four consecutive codes of a word. */
function codesSource({ bits, signed }: CodeGrid): string {
  if (bits === 8) {
    // The last field has the word's sign; the others are offset by half their range if codes are signed.
    const flipped = signed ? '0x00808080' : 'i32(-2147483647 - 1)';
    const moved = signed ? 'vec4f(128.0, 128.0, 128.0, 0.0)' : 'vec4f(0.0, 0.0, 0.0, -128.0)';
    return `fn codes(word: i32) -> vec4f {
  let fields = vec4i(word ^ ${flipped}) & vec4i(0xff, 0xff00, 0xff0000, -16777216);
  return vec4f(fields) * vec4f(1.0, 0x1p-8f, 0x1p-16f, 0x1p-24f) - ${moved};
}`;
  }
  const flipped = signed ? '0x08888888' : 'i32(-2147483647 - 1)';
  // The highest field has the word's sign.
  const moved = signed
    ? 'vec4f(8.0, 8.0, 8.0, select(8.0, 0.0, masks.w < 0))'
    : 'vec4f(0.0, 0.0, 0.0, select(0.0, -8.0, masks.w < 0))';
  return `const LOW_MASKS = vec4i(0xf, 0xf0, 0xf00, 0xf000);
const HIGH_MASKS = vec4i(0xf0000, 0xf00000, 0xf000000, -268435456);
const LOW_FACTORS = vec4f(1.0, 0x1p-4f, 0x1p-8f, 0x1p-12f);
const HIGH_FACTORS = vec4f(0x1p-16f, 0x1p-20f, 0x1p-24f, 0x1p-28f);
fn codes(word: i32, masks: vec4i, factors: vec4f) -> vec4f {
  return vec4f(vec4i(word ^ ${flipped}) & masks) * factors - ${moved};
}`;
}

import type { RowDecoder } from '../products/decoded-matrix';
import { type CodeGrid, type PackedValueBuffers, packedValueInputs, zeroPointSource } from './packed-values';
import type { RowForm } from '../products/row-product';

/** Codes per step; codes of b bits fill b words. */
const COLUMNS = 32;
const WORD_BITS = 32;

/**
 * Row decoder of 3- or 2-bit codes, for few tokens, 32 codes at a time.
 *
 * As in `quantized-rows.ts`, a code is extracted from its word by a mask without a shift, and its activation is scaled down
 * to compensate for the code's position. The few codes that include a word's sign bit or straddle two words are extracted by
 * shifts. Signed codes are offset by half their range, which then acts as a zero point.
 * @returns undefined if rows or groups are not multiples of a step
 */
export function narrowRowDecoder(values: PackedValueBuffers, width: number): RowDecoder | undefined {
  const grid = values.grid!;
  const isGrouped = grid.groupsPerRow > 1;
  if (width % COLUMNS !== 0 || (isGrouped && grid.groupSize % COLUMNS !== 0)) return undefined;
  const inputs = packedValueInputs(values, 'array<i32>');
  const hasZeroPoints = values.zeroPoints !== undefined;
  return { inputs, form: () => rowForm(grid, width / COLUMNS, hasZeroPoints, inputs) };
}

function rowForm(grid: CodeGrid, steps: number, hasZeroPoints: boolean, inputs: RowForm['inputs']): RowForm {
  const { bits, signed, groupsPerRow, groupSize } = grid;
  const isGrouped = groupsPerRow > 1;
  const scaleOf = (row: string) => {
    if (isGrouped) return `${row} * ${groupsPerRow}u + group`;
    return groupsPerRow === 0 ? '0u' : row;
  };
  const zeroOf = (r: number) => {
    if (signed) return `${2 ** (bits - 1)}.0`;
    return isGrouped ? `zeroPointOf(${scaleOf(`row${r}`)})` : `zero${r}`;
  };
  const quads = range(COLUMNS / 4);
  return {
    name: `int${bits}`,
    inputs,
    columnsPerStep: COLUMNS,
    declarations: hasZeroPoints ? zeroPointSource(true) : '',
    stepSource: [
      ...quads.map(
        (q) =>
          `    let f${q} = x${q} * vec4f(${lanesOf(q)
            .map((s) => powerSource(bits, s))
            .join(', ')});`,
      ),
      `    let total = ${quads.map((q) => `dot(x${q}, vec4f(1.0))`).join(' + ')};`,
      isGrouped ? `    let group = step * ${COLUMNS}u / ${groupSize}u;` : '',
    ].join('\n'),
    rowState: (r) =>
      [
        `  let words${r} = row${r} * ${steps * bits}u;`,
        hasZeroPoints && !isGrouped ? `  let zero${r} = zeroPointOf(${scaleOf(`row${r}`)});` : '',
      ].join('\n'),
    rowStep: (r) => {
      const words = range(bits).map((k) => {
        const word = `codeWords[words${r} + step * ${bits}u + ${k}u]`;
        return `    let word${r}_${k} = ${word}${signed ? ` ^ ${int32(flippedBits(bits, k))}` : ''};`;
      });
      const products = quads.map((q) => `dot(f${q}, vec4f(${quadSource(bits, q, `word${r}_`)}))`);
      const part = `${products.join(' + ')} - ${zeroOf(r)} * total`;
      const adding = isGrouped ? `scales[${scaleOf(`row${r}`)}] * (${part})` : part;
      return [...words, `    sum${r} += ${adding};`].join('\n');
    },
    rowScale: isGrouped ? undefined : `scales[${scaleOf('row')}]`,
  };
}

/** Position of a code in a step. */
function placeOf(bits: number, slot: number): { word: number; offset: number; isMasked: boolean } {
  const word = Math.floor((slot * bits) / WORD_BITS);
  const offset = (slot * bits) % WORD_BITS;
  return { word, offset, isMasked: offset + bits < WORD_BITS };
}

/** Factor that compensates for the position of a masked code. */
function powerSource(bits: number, slot: number): string {
  const { offset, isMasked } = placeOf(bits, slot);
  return isMasked ? `0x1p-${offset}f` : '1.0';
}

/** A vec4i expression: the unshifted codes of a quad. @param words name prefix of the words */
function quadSource(bits: number, q: number, words: string): string {
  const places = lanesOf(q).map((slot) => placeOf(bits, slot));
  const mask = 2 ** bits - 1;
  const [{ word }] = places;
  if (places.every((place) => place.isMasked && place.word === word)) {
    return `vec4i(${words}${word}) & vec4i(${places.map(({ offset }) => mask << offset).join(', ')})`;
  }
  const codes = places.map((place) => {
    const here = `${words}${place.word}`;
    if (place.isMasked) return `${here} & ${mask << place.offset}`;
    const high = `bitcast<i32>(bitcast<u32>(${here}) >> ${place.offset}u)`;
    const inWord = WORD_BITS - place.offset;
    if (inWord >= bits) return high;
    return `${high} | ((${words}${place.word + 1} & ${2 ** (bits - inWord) - 1}) << ${inWord}u)`;
  });
  return `vec4i(${codes.join(', ')})`;
}

/** Highest bits of all codes in this word of a step. */
function flippedBits(bits: number, word: number): number {
  const greatest = range(COLUMNS).map((slot) => slot * bits + bits - 1 - word * WORD_BITS);
  return greatest
    .filter((bit) => bit >= 0 && bit < WORD_BITS)
    .reduce((flipped, bit) => flipped | (1 << bit), 0);
}

function lanesOf(quad: number): number[] {
  return range(4).map((lane) => 4 * quad + lane);
}

/** WGSL literal; the least integer, which has no literal, is never used. */
function int32(value: number): string {
  return `i32(${value})`;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

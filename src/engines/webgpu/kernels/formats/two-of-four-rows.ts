import type * as tf from '@tensorflow/tfjs';
import type { RowDecoder } from '../products/decoded-matrix';
import { type PackedValueBuffers, packedValueInputs, zeroPointSource } from './packed-values';
import { codeFieldSource, flippedBits, isMoved } from './quantized-rows';
import type { RowForm } from '../products/row-product';
import type { BoundBuffer } from '../wgsl/bound-buffers';

/** Columns per word of indices: 8 groups of 4, with two 2-bit indices each. */
const COLUMNS_OF_A_WORD = 32;
/** Reads of four values for these columns; of 8-bit codes, one read of four words brings as many. */
const QUARTERS = 4;
const CODE_BITS = 8;

/**
 * Row decoder of 2:4 sparsity, for few tokens, 32 columns at a time, with float32 values or 8-bit codes.
 *
 * Each value's index selects one of three activations: the first of a group is at place 0, 1 or 2, the second at 1, 2 or 3.
 * Selection evaluates the parabola through the three activations at the index: two multiplications and additions replace two
 * comparisons and two selections, each of which is three instructions on a software adapter. Rounding is that of a dense
 * product, relative to the greatest activation of the group. The index stays unshifted in its word, 4^slot times too large;
 * the coefficients are scaled down accordingly.
 *
 * @param values [rows, width / 2]; @param indices [rows, width / 32] words
 * @returns undefined if rows are not multiples of a word, or groups of scales or codes have another size
 */
export function twoOfFourRowDecoder(
  values: PackedValueBuffers,
  indices: tf.Tensor,
  width: number,
): RowDecoder | undefined {
  const { grid } = values;
  if (width % COLUMNS_OF_A_WORD !== 0) return undefined;
  if (grid && grid.bits !== CODE_BITS) return undefined;
  if (grid && grid.groupsPerRow > 1 && grid.groupSize % COLUMNS_OF_A_WORD !== 0) return undefined;
  const inputs: BoundBuffer[] = [
    ...packedValueInputs(values, grid ? 'array<vec4i>' : 'array<vec4f>'),
    { name: 'indices', type: 'array<i32>', tensor: indices },
  ];
  const words = width / COLUMNS_OF_A_WORD;
  return { inputs, form: () => (grid ? codeForm(inputs, words, values) : floatForm(inputs, words)) };
}

/** Slots of the four lanes of a quarter: of a read of values, or of one position in four words of codes. */
const readSlots = (quarter: number) => range(4).map((lane) => 4 * quarter + lane);
const positionSlots = (position: number) => range(4).map((lane) => 4 * lane + position);

function floatForm(inputs: RowForm['inputs'], words: number): RowForm {
  return {
    name: '2-of-4',
    inputs,
    columnsPerStep: COLUMNS_OF_A_WORD,
    stepSource: range(QUARTERS)
      .map((k) => parabolaSource(k, readSlots(k), 0))
      .join('\n'),
    rowState: (r) => `  let words${r} = row${r} * ${words}u;`,
    rowStep: (r) => {
      const products = range(QUARTERS).flatMap((k) => [
        indexSource(r, k, readSlots(k)),
        `    sum${r} += dot(values[at${r} + ${k}u], ${selected(r, k)});`,
      ]);
      return [wordSource(r), `    let at${r} = (words${r} + step) * ${QUARTERS}u;`, ...products].join('\n');
    },
  };
}

/**
 * Codes stay unshifted in their words, as in `quantized-rows.ts`; the parabolas are scaled down to compensate for this, too.
 */
function codeForm(
  inputs: RowForm['inputs'],
  words: number,
  { grid, zeroPoints }: PackedValueBuffers,
): RowForm {
  const { groupsPerRow, groupSize } = grid!;
  const isGrouped = groupsPerRow > 1;
  const half = 2 ** (CODE_BITS - 1);
  const scaleOf = (row: string) => {
    if (isGrouped) return `${row} * ${groupsPerRow}u + group`;
    return groupsPerRow === 0 ? '0u' : row;
  };
  return {
    name: '2-of-4-codes',
    inputs,
    columnsPerStep: COLUMNS_OF_A_WORD,
    declarations: zeroPoints ? zeroPointSource(true) : '',
    stepSource: [
      ...range(QUARTERS).map((p) => parabolaSource(p, positionSlots(p), CODE_BITS * p)),
      isGrouped ? `    let group = step * ${COLUMNS_OF_A_WORD}u / ${groupSize}u;` : '',
    ].join('\n'),
    rowState: (r) =>
      [
        `  let words${r} = row${r} * ${words}u;`,
        zeroPoints && !isGrouped ? `  let zero${r} = zeroPointOf(${scaleOf(`row${r}`)});` : '',
      ].join('\n'),
    rowStep: (r) => {
      const products = range(QUARTERS).flatMap((p) => {
        const moved = isMoved(grid!, p) ? half * (grid!.signed ? 1 : -1) : 0;
        const zero = zeroPoints ? ` + zero${r}` : '';
        const tooMuch = `vec4f((${moved}.0${zero}) * 0x1p${CODE_BITS * p}f)`;
        const codes = `vec4f(${codeFieldSource(CODE_BITS, p, `codes${r}`)}) - ${tooMuch}`;
        return [indexSource(r, p, positionSlots(p)), `    part${r} += dot(${codes}, ${selected(r, p)});`];
      });
      return [
        wordSource(r),
        `    let codes${r} = codeWords[words${r} + step] ^ vec4i(${flippedBits(grid!)});`,
        zeroPoints && isGrouped ? `    let zero${r} = zeroPointOf(${scaleOf(`row${r}`)});` : '',
        `    var part${r} = 0.0;`,
        ...products,
        `    sum${r} += part${r}${isGrouped ? ` * scales[${scaleOf(`row${r}`)}]` : ''};`,
      ].join('\n');
    },
    rowScale: isGrouped ? undefined : `scales[${scaleOf('row')}]`,
  };
}

/**
 * Inverted bits of the indices: both bits of second values, so that places 3, 2, 1 become 0, 1, 2; only the higher bit of the
 * last one, whose field has the word's sign, so that places 1, 2, 3 become −1, 0, 1.
 */
const FLIPPED = 0x8ccccccc | 0;
const LAST_SLOT = 15;

function wordSource(r: number): string {
  return `    let word${r} = vec4i(indices[words${r} + step] ^ ${FLIPPED});`;
}

function indexSource(r: number, quarter: number, slots: readonly number[]): string {
  const masks = slots.map((slot) => 3 << (2 * slot));
  return `    let i${r}_${quarter} = vec4f(word${r} & vec4i(${masks.join(', ')}));`;
}

/** Selected activations for the values of a quarter. */
function selected(r: number, quarter: number): string {
  const index = `i${r}_${quarter}`;
  return `near${quarter} + ${index} * (slope${quarter} + ${index} * bend${quarter})`;
}

/**
 * WGSL of the parabolas of four slots, near + index · (slope + index · bend).
 * @param exponent the parabolas are scaled by 2^−exponent
 */
function parabolaSource(quarter: number, slots: readonly number[], exponent: number): string {
  // Components of the group's four activations: for first values, for second ones, and for the last value of the word.
  const take = (first: string, second: string, last: string) => {
    const lanes = slots.map((slot) => {
      if (slot % 2 === 0) return `x${slot >> 1}.${first}`;
      return `x${slot >> 1}.${slot === LAST_SLOT ? last : second}`;
    });
    return `vec4f(${lanes.join(', ')})`;
  };
  const smaller = (power: number) =>
    `vec4f(${slots.map((slot) => `0x1p-${2 * power * slot + exponent}f`).join(', ')})`;
  return [
    `    let given${quarter}_0 = ${take('x', 'w', 'z')};`,
    `    let given${quarter}_1 = ${take('y', 'z', 'w')};`,
    `    let curve${quarter} = 0.5 * (${take('x', 'w', 'y')} + ${take('z', 'y', 'w')}) - ${take('y', 'z', 'z')};`,
    `    let near${quarter} = given${quarter}_0 * ${smaller(0)};`,
    `    let slope${quarter} = (given${quarter}_1 - given${quarter}_0 - curve${quarter}) * ${smaller(1)};`,
    `    let bend${quarter} = curve${quarter} * ${smaller(2)};`,
  ].join('\n');
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

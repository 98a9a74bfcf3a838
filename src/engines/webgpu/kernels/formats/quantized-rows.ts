import type { RowDecoder } from '../products/decoded-matrix';
import type { KernelProfile } from '../wgsl/kernel-profile';
import { type CodeGrid, type PackedValueBuffers, packedValueInputs, zeroPointSource } from './packed-values';
import type { RowForm } from '../products/row-product';

/** Bits per read of four words. */
const READ_BITS = 128;
const WORDS_OF_A_READ = 4;
/** Maximum columns that share the read of a scale on software adapters; with more, activations are spilled. */
const SOFTWARE_COLUMNS = 32;

/**
 * Row decoder of codes, for few tokens, four words at a time.
 *
 * A code is extracted from its word by a mask without a shift: the unshifted code at position p is 2^(bits·p) times too
 * large, and its activation is scaled down accordingly, once for all rows. Both are exact in float32. A masked value is
 * nonnegative except at the last position, whose sign bit is the word's; so signed codes are offset by half their range at
 * all other positions, unsigned ones at the last, and the product of the activations with the offsets is subtracted.
 * @returns undefined if the rows or groups are not multiples of a read
 */
export function quantizedRowDecoder(values: PackedValueBuffers, width: number): RowDecoder | undefined {
  const grid = values.grid!;
  const columnsOfARead = READ_BITS / grid.bits;
  const isGrouped = grid.groupsPerRow > 1;
  if (width % columnsOfARead !== 0 || (isGrouped && grid.groupSize % columnsOfARead !== 0)) return undefined;
  const inputs = packedValueInputs(values, 'array<vec4i>');
  const matrix = { grid, width, hasZeroPoints: values.zeroPoints !== undefined };
  return {
    inputs,
    form: (profile) => rowForm({ ...matrix, reads: readsOfAStep(grid, profile) }, inputs),
  };
}

interface Layout {
  readonly grid: CodeGrid;
  readonly width: number;
  readonly hasZeroPoints: boolean;
  /** Reads of four words per step. */
  readonly reads: number;
}

/** A GPU has more lanes than a row has steps, and rereads a scale cheaply. */
function readsOfAStep({ bits, groupsPerRow, groupSize }: CodeGrid, profile: KernelProfile): number {
  const sharesScales = profile.name === 'software' && groupsPerRow > 1 && groupSize % SOFTWARE_COLUMNS === 0;
  return sharesScales ? (SOFTWARE_COLUMNS * bits) / READ_BITS : 1;
}

function rowForm({ grid, width, hasZeroPoints, reads }: Layout, inputs: RowForm['inputs']): RowForm {
  const { bits, groupsPerRow, groupSize } = grid;
  const columnsOfARead = READ_BITS / bits;
  const columnsPerStep = reads * columnsOfARead;
  const isGrouped = groupsPerRow > 1;
  const scaleOfRow = groupsPerRow === 0 ? '0u' : 'row';
  const shared = [
    `    let firstRead = step * ${reads}u;`,
    ...activationSource(grid, reads),
    hasZeroPoints
      ? `    let total = ${sum(range(columnsPerStep / 4).map((q) => `dot(x${q}, vec4f(1.0))`))};`
      : '',
    isGrouped ? `    let group = step * ${columnsPerStep}u / ${groupSize}u;` : '',
  ];
  return {
    name: `int${bits}`,
    inputs,
    columnsPerStep,
    declarations: hasZeroPoints ? zeroPointSource(true) : '',
    stepSource: shared.join('\n'),
    rowState: (r) =>
      [
        `  let words${r} = row${r} * ${width / columnsOfARead}u;`,
        isGrouped ? `  let scales${r} = row${r} * ${groupsPerRow}u;` : '',
        hasZeroPoints && !isGrouped
          ? `  let zero${r} = zeroPointOf(${scaleOfRow.replace('row', `row${r}`)});`
          : '',
      ].join('\n'),
    rowStep: (r) => {
      const reading = range(reads).map(
        (k) =>
          `    let read${r}_${k} = codeWords[words${r} + firstRead + ${k}u] ^ vec4i(${flippedBits(grid)});`,
      );
      const product = sum([...range(reads).flatMap((k) => products(bits, k, `read${r}_${k}`)), 'moved']);
      if (!isGrouped) {
        const adding = `    sum${r} += ${product}${hasZeroPoints ? ` - zero${r} * total` : ''};`;
        return [...reading, adding].join('\n');
      }
      const zero = hasZeroPoints ? ` - zeroPointOf(scales${r} + group) * total` : '';
      return [...reading, `    sum${r} += scales[scales${r} + group] * (${product}${zero});`].join('\n');
    },
    rowScale: isGrouped ? undefined : `scales[${scaleOfRow}]`,
  };
}

/**
 * WGSL of `f<k>_<p>`, the scaled-down activations for position p of read k's four words, and of `moved`, the correction for
 * the offsets.
 */
function activationSource(grid: CodeGrid, reads: number): string[] {
  const { bits, signed } = grid;
  const columnsOfARead = READ_BITS / bits;
  const perWord = 32 / bits;
  const fields = range(reads).flatMap((k) =>
    range(perWord).map((p) => {
      const lanes = range(WORDS_OF_A_READ).map((word) => {
        const column = k * columnsOfARead + word * perWord + p;
        return `x${column >> 2}.${'xyzw'[column & 3]}`;
      });
      return `    let f${k}_${p} = vec4f(${lanes.join(', ')}) * 0x1p-${bits * p}f;`;
    }),
  );
  const half = bits - 1;
  const moved = range(reads).flatMap((k) =>
    range(perWord)
      .filter((p) => isMoved(grid, p))
      .map((p) => `dot(f${k}_${p}, vec4f(${signed ? '-' : ''}0x1p${bits * p + half}f))`),
  );
  return [...fields, `    let moved = ${sum(moved)};`];
}

function products(bits: number, k: number, word: string): string[] {
  return range(32 / bits).map((p) => `dot(f${k}_${p}, vec4f(${codeFieldSource(bits, p, word)}))`);
}

/** WGSL of the unshifted codes at position p of four words. */
export function codeFieldSource(bits: number, p: number, word: string): string {
  return `${word} & vec4i(${int32(((1 << bits) - 1) << (bits * p))})`;
}

/** Whether the codes at position p of a word are offset by half their range. */
export function isMoved({ bits, signed }: CodeGrid, p: number): boolean {
  return signed === p < 32 / bits - 1;
}

/** Highest bit of every code that is offset. */
export function flippedBits(grid: CodeGrid): string {
  const { bits } = grid;
  let flipped = 0;
  for (let p = 0; p < 32 / bits; p++) {
    if (isMoved(grid, p)) flipped |= 1 << (bits * p + bits - 1);
  }
  return int32(flipped);
}

/** WGSL literal; the least integer has none of its own. */
function int32(value: number): string {
  return value === -(2 ** 31) ? 'i32(-2147483647 - 1)' : String(value);
}

function sum(terms: readonly string[]): string {
  return terms.join(' + ');
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/**
 * Index that is a pair (outer, inner); its offset in a tensor is outer and inner times their strides. The stride of a part
 * with one value is 0.
 */
export interface PairAxis {
  /** Number of values of the inner part. */
  readonly inner: number;
  /** Whether the outer part has more than one value. */
  readonly isPair: boolean;
  readonly outerStride: number;
  readonly innerStride: number;
}

/** Terms of the sum: `outer` times `inner`. */
export interface TermAxis {
  readonly outer: number;
  readonly inner: number;
  readonly outerStride: number;
  readonly innerStride: number;
}

/** Operand of a contraction; its tiles are several members of `axis` by four terms. */
export interface Operand {
  readonly name: 'factor' | 'x';
  readonly axis: PairAxis;
  readonly terms: TermAxis;
}

/**
 * How four terms of a tile are read: `terms` reads a vec4f along the terms of each member; `members` reads a vec4f of four
 * members for each term; `scalars` reads single elements into vectors along the terms.
 */
export type Reading = 'terms' | 'members' | 'scalars';

/** The widest reading that the strides allow for a tile with this many members. */
export function readingOf({ axis, terms }: Operand, members: number): Reading {
  const outerInQuads = terms.outerStride % 4 === 0;
  if (terms.innerStride === 1 && terms.inner % 4 === 0 && outerInQuads && isInQuads(axis)) return 'terms';
  const termsInQuads = outerInQuads && terms.innerStride % 4 === 0;
  return isConsecutive(axis) && termsInQuads && members % 4 === 0 ? 'members' : 'scalars';
}

/** Whether members form groups of four neighbours aligned to multiples of four elements. */
export function isConsecutive({ inner, innerStride, outerStride }: PairAxis): boolean {
  return innerStride === 1 && inner % 4 === 0 && outerStride % 4 === 0;
}

/** Whether every member begins at a multiple of four elements. */
export function isInQuads({ innerStride, outerStride }: PairAxis): boolean {
  return innerStride % 4 === 0 && outerStride % 4 === 0;
}

/** Current tile along an axis, in WGSL: number `<name>Tile`; `tilePlace` defines the rest. */
export interface AxisTile {
  readonly name: 'row' | 'position';
  readonly members: number;
  /** WGSL expression for the number of the last member; undefined if tiles are whole. */
  readonly last?: string;
}

/**
 * WGSL that computes a tile's place along an index pair once for all its members, because SwiftShader divides lane by lane.
 * Requires that a tile lies in one group of the inner part.
 */
export function tilePlace({ inner, isPair }: PairAxis, { name, members }: AxisTile): string {
  if (!isPair || inner === 1 || inner % members !== 0) return '';
  const tiles = inner / members;
  return `  let ${name}Group = ${name}Tile / ${tiles}u;
  let ${name}Within = ${name}Tile % ${tiles}u * ${members}u;`;
}

/**
 * WGSL expression for the start of a member of the tile, in words of `word` elements.
 * @param member its number in the tile; a multiple of 4 if a word holds four members
 */
export function memberStart(
  axis: PairAxis,
  { name, members, last }: AxisTile,
  member: number | string,
  word: 1 | 4,
): string {
  const { inner, isPair } = axis;
  const run = word === 4 && axis.innerStride === 1 ? 4 : 1;
  const innerStride = (axis.innerStride * run) / word;
  const outerStride = axis.outerStride / word;
  const inTile = typeof member === 'string' ? member : `${member / run}u`;
  if (isPair && inner > 1 && inner % members === 0 && !isLinear(axis)) {
    const within = run === 4 ? `${name}Within / 4u` : `${name}Within`;
    return `${name}Group * ${outerStride}u + (${within} + ${inTile}) * ${innerStride}u`;
  }
  const number = `${name}Tile * ${members / run}u + ${inTile}`;
  const end = run === 4 ? `(${last} - 3u) / 4u` : last;
  const clamped = last === undefined ? `(${number})` : `min(${number}, ${end})`;
  if (isLinear(axis)) return `${clamped} * ${innerStride}u`;
  if (inner === 1) return `${clamped} * ${outerStride}u`;
  const size = `${inner / run}u`;
  return `${clamped} / ${size} * ${outerStride}u + ${clamped} % ${size} * ${innerStride}u`;
}

function isLinear({ inner, isPair, outerStride, innerStride }: PairAxis): boolean {
  return !isPair || (inner > 1 && outerStride === inner * innerStride);
}

/** An index that is a pair (outer, inner), or runs through one: its place in a tensor is outer and inner times a stride. */
export interface PairAxis {
  /** Values of the inner part. */
  readonly inner: number;
  /** Whether the outer part has more than one value. */
  readonly isPair: boolean;
  readonly outerStride: number;
  readonly innerStride: number;
}

/** Terms of the sum: `outer` times `inner` of them. */
export interface TermAxis {
  readonly outer: number;
  readonly inner: number;
  readonly outerStride: number;
  readonly innerStride: number;
}

/** One of the two tensors of a contraction: a tile of it is so many members of `axis` by four terms. */
export interface Operand {
  readonly name: 'factor' | 'x';
  readonly axis: PairAxis;
  readonly terms: TermAxis;
}

/**
 * How four terms of a tile are read: `terms`, a vec4f along the terms of each member; `members`, a vec4f of four members for
 * each term; `scalars`, element by element into vectors along the terms.
 */
export type Reading = 'terms' | 'members' | 'scalars';

/** The widest reading that the strides allow for a tile of so many members. */
export function readingOf({ axis, terms }: Operand, members: number): Reading {
  const outerInQuads = terms.outer === 1 || terms.outerStride % 4 === 0;
  if (terms.innerStride === 1 && terms.inner % 4 === 0 && outerInQuads && isInQuads(axis)) return 'terms';
  const termsInQuads = outerInQuads && (terms.inner === 1 || terms.innerStride % 4 === 0);
  return isConsecutive(axis) && termsInQuads && members % 4 === 0 ? 'members' : 'scalars';
}

/** Whether members come in whole runs of four neighbours, each at a multiple of four elements. */
export function isConsecutive({ inner, isPair, innerStride, outerStride }: PairAxis): boolean {
  return innerStride === 1 && inner % 4 === 0 && (!isPair || outerStride % 4 === 0);
}

/** Whether every member begins at a multiple of four elements. */
export function isInQuads({ inner, isPair, innerStride, outerStride }: PairAxis): boolean {
  return (inner === 1 || innerStride % 4 === 0) && (!isPair || outerStride % 4 === 0);
}

/** WGSL expression: where member number `index` of an axis begins, in elements. */
export function axisStart({ inner, isPair, outerStride, innerStride }: PairAxis, index: string): string {
  if (!isPair || (inner > 1 && outerStride === inner * innerStride)) return `${index} * ${innerStride}u`;
  if (inner === 1) return `${index} * ${outerStride}u`;
  return `${index} / ${inner}u * ${outerStride}u + ${index} % ${inner}u * ${innerStride}u`;
}

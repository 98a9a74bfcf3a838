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
  const axisInQuads = inQuads(axis.isPair, axis.outerStride) && inQuads(axis.inner > 1, axis.innerStride);
  const termsInQuads =
    inQuads(terms.outer > 1, terms.outerStride) && inQuads(terms.inner > 1, terms.innerStride);
  if (
    terms.innerStride === 1 &&
    terms.inner % 4 === 0 &&
    inQuads(terms.outer > 1, terms.outerStride) &&
    axisInQuads
  ) {
    return 'terms';
  }
  const consecutive =
    axis.innerStride === 1 && axis.inner % 4 === 0 && inQuads(axis.isPair, axis.outerStride);
  return consecutive && termsInQuads && members % 4 === 0 ? 'members' : 'scalars';
}

function inQuads(matters: boolean, stride: number): boolean {
  return !matters || stride % 4 === 0;
}

/** WGSL expression: where member number `index` of an axis begins, in elements. */
export function axisStart({ inner, isPair, outerStride, innerStride }: PairAxis, index: string): string {
  if (!isPair || (inner > 1 && outerStride === inner * innerStride)) return `${index} * ${innerStride}u`;
  if (inner === 1) return `${index} * ${outerStride}u`;
  return `${index} / ${inner}u * ${outerStride}u + ${index} % ${inner}u * ${innerStride}u`;
}

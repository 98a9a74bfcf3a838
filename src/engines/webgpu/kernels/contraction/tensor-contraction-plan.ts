import type { KernelProfile } from '../wgsl/kernel-profile';
import type { Operand, PairAxis, TermAxis } from './tensor-contraction-operand';
import {
  type ContractionSizes,
  type ContractionTile,
  contractionTile,
  hardwareTime,
  softwareTime,
} from './tensor-contraction-tile';

/** Strides, in elements, of the parts of an index pair (outer, inner). */
export interface PairStrides {
  readonly outer: number;
  readonly inner: number;
}

/** y[g, m, n] = Σ_k factor[m, k] · x[g, k, n]; all strides count float32 elements. */
export interface Contraction {
  readonly groups: number;
  readonly rows: number;
  readonly columns: number;
  /** k is a pair (outer, inner). */
  readonly terms: PairStrides;
  /** Size of the inner part of m, which is also a pair. */
  readonly rowInner: number;
  readonly factorRow: PairStrides;
  readonly factorTerm: PairStrides;
  readonly x: { readonly group: number; readonly term: PairStrides; readonly column: number };
  readonly y: { readonly group: number; readonly row: PairStrides; readonly column: number };
  readonly outputShape: readonly [number, number];
}

/** Tile and estimated time of a contraction. */
export interface ContractionPlan {
  readonly sizes: ContractionSizes;
  readonly tile: ContractionTile;
  /** Estimated time without a unit, comparable between contractions on the same device. */
  readonly time: number;
}

/** Number of positions from which the edge of the last tile hardly matters, so that one tile choice serves all. */
const MANY_POSITIONS = 512;

/** Number of positions that a plan is made for. */
export function plannedPositions({ groups, columns }: Contraction): number {
  return Math.min(groups * columns, Math.max(columns, MANY_POSITIONS));
}

export function planContraction(contraction: Contraction, profile: KernelProfile): ContractionPlan {
  return termOrders(contraction)
    .map((order) => sizesOf(contraction, order))
    .map((sizes) => ({ sizes, tile: contractionTile(sizes, profile) }))
    .map((plan) => ({ ...plan, time: timeOf(plan.sizes, plan.tile, profile) }))
    .reduce((left, right) => (right.time < left.time ? right : left));
}

/** Time for all positions with a plan made for fewer. */
export function timeOf(sizes: ContractionSizes, tile: ContractionTile, profile: KernelProfile): number {
  return profile.name === 'software' ? softwareTime(sizes, tile) : hardwareTime(sizes);
}

interface TermOrder {
  readonly outer: number;
  readonly inner: number;
  readonly factor: PairStrides;
  readonly x: PairStrides;
}

/**
 * Orders of the terms: merged into one index if both operands allow it, else with either part as the inner one, since the
 * order of a sum is free.
 */
function termOrders({ terms, factorTerm, x }: Contraction): TermOrder[] {
  const { outer, inner } = terms;
  const given = { outer, inner, factor: factorTerm, x: x.term };
  const turned = { outer: inner, inner: outer, factor: turn(factorTerm), x: turn(x.term) };
  if (outer === 1) return [given];
  if (inner === 1) return [turned];
  for (const order of [given, turned]) {
    const isOneRun = [order.factor, order.x].every(
      (strides) => strides.outer === order.inner * strides.inner,
    );
    if (isOneRun) return [{ ...order, outer: 1, inner: outer * inner }];
  }
  return [given, turned];
}

function turn({ outer, inner }: PairStrides): PairStrides {
  return { outer: inner, inner: outer };
}

function sizesOf(contraction: Contraction, order: TermOrder): ContractionSizes {
  const { groups, rows, columns, rowInner, factorRow, x, y } = contraction;
  const rowAxis = (strides: PairStrides) => pairAxis(rowInner, rows > rowInner, strides);
  const positionAxis = (group: number, column: number) =>
    pairAxis(columns, groups > 1, { outer: group, inner: column });
  const factor: Operand = { name: 'factor', axis: rowAxis(factorRow), terms: termAxis(order, order.factor) };
  const activations: Operand = {
    name: 'x',
    axis: positionAxis(x.group, x.column),
    terms: termAxis(order, order.x),
  };
  return {
    factor,
    x: activations,
    rows,
    columns,
    positions: groups * columns,
    yRow: rowAxis(y.row),
    yPosition: positionAxis(y.group, y.column),
  };
}

/** The stride of a part with one value is 0, whatever the caller passes. */
function pairAxis(inner: number, isPair: boolean, strides: PairStrides): PairAxis {
  return {
    inner,
    isPair,
    outerStride: isPair ? strides.outer : 0,
    innerStride: inner > 1 ? strides.inner : 0,
  };
}

function termAxis({ outer, inner }: TermOrder, strides: PairStrides): TermAxis {
  return {
    outer,
    inner,
    outerStride: outer > 1 ? strides.outer : 0,
    innerStride: inner > 1 ? strides.inner : 0,
  };
}

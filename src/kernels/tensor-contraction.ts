import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../gpu/device';
import { type Kernel, runKernel } from '../gpu/run-kernel';
import { type Epilogue, epilogueInputs, epilogueKey } from './epilogue';
import { foldWorkgroups } from './fold-workgroups';
import { kernelProfile, type KernelProfile } from './kernel-profile';
import type { Operand, TermAxis } from './tensor-contraction-operand';
import { contractionSource } from './tensor-contraction-source';
import {
  type ContractionSizes,
  type ContractionTile,
  contractionTile,
  softwareTime,
} from './tensor-contraction-tile';

/** Elements from one to the next along an index that is a pair (outer, inner). */
export interface PairStrides {
  readonly outer: number;
  readonly inner: number;
}

/** y[g, m, n] = Σ_k factor[m, k] · x[g, k, n]; every stride counts float32 elements. */
export interface Contraction {
  readonly groups: number;
  readonly rows: number;
  readonly columns: number;
  /** k runs over pairs (outer, inner). */
  readonly terms: { readonly outer: number; readonly inner: number };
  /** Size of the inner part of m. */
  readonly rowInner: number;
  readonly factorRow: PairStrides;
  readonly factorTerm: PairStrides;
  readonly x: { readonly group: number; readonly term: PairStrides; readonly column: number };
  readonly y: { readonly group: number; readonly row: number; readonly column: number };
  readonly outputShape: number[];
}

interface Plan {
  readonly kernel: Kernel;
  readonly tile: ContractionTile;
}

const SOFTWARE_THREADS = 4;
const HARDWARE_THREADS = 64;
/** Beyond so many positions the edge of the last tile hardly matters, and the tile is chosen once for all. */
const MANY_POSITIONS = 512;

const plans = new Map<string, Plan>();

/**
 * Contracts a dense factor with activations; see `Contraction`. Positions, the pairs (g, n), are numbered through, so
 * that one token with many columns and many tokens with one column fill the kernel alike.
 * @param epilogue its bias goes by the element of the result modulo the last dimension of `outputShape`
 */
export function contractTensor(
  factor: tf.Tensor,
  x: tf.Tensor,
  contraction: Contraction,
  epilogue: Epilogue = {},
): tf.Tensor2D {
  const { groups, rows, columns, outputShape } = contraction;
  const positions = groups * columns;
  const { device } = currentGpu();
  const profile = kernelProfile();
  const { kernel, tile } = planFor(contraction, epilogue, profile);
  const [y] = runKernel(kernel, {
    inputs: [factor, x, ...epilogueInputs(epilogue).map(({ tensor }) => tensor)],
    outputs: [{ shape: outputShape, dtype: 'float32' }],
    uniforms: [groups],
    workgroups: foldWorkgroups(
      Math.ceil(invocationsOf(tile, rows, positions) / threadsOf(profile)),
      device.limits.maxComputeWorkgroupsPerDimension,
    ),
  });
  return y as tf.Tensor2D;
}

export const contractionPlan = (c: Contraction) => planFor(c, {}, kernelProfile());
function planFor(contraction: Contraction, epilogue: Epilogue, profile: KernelProfile): Plan {
  const { groups, rows, columns, rowInner, terms, factorRow, factorTerm, x, y, outputShape } = contraction;
  const positions = Math.min(groups * columns, Math.max(columns, MANY_POSITIONS));
  const key = [
    ...[
      profile.name,
      profile.subgroupLanes,
      epilogueKey(epilogue),
      positions,
      groups > 1,
      rows,
      columns,
      rowInner,
    ],
    ...[terms.outer, terms.inner, factorRow.outer, factorRow.inner, factorTerm.outer, factorTerm.inner],
    ...[x.group, x.term.outer, x.term.inner, x.column, y.group, y.row, y.column, outputShape.at(-1)],
  ].join();
  let plan = plans.get(key);
  if (!plan) plans.set(key, (plan = makePlan(contraction, positions, epilogue, profile)));
  return plan;
}

function makePlan(
  contraction: Contraction,
  positions: number,
  epilogue: Epilogue,
  profile: KernelProfile,
): Plan {
  const { sizes, tile } = termOrders(contraction)
    .map((terms) => sizesOf(contraction, terms, positions))
    .map((candidate) => {
      const best = contractionTile(candidate, profile);
      return { sizes: candidate, tile: best, time: softwareTime(candidate, best) };
    })
    .reduce((left, right) => (right.time < left.time ? right : left));
  const { groups, columns, y, outputShape } = contraction;
  const kernel: Kernel = {
    name: 'tensor-contraction',
    enable: tile.shared ? ['subgroups'] : undefined,
    source: contractionSource({
      ...sizes,
      tile,
      columns,
      yPosition: { inner: columns, isPair: groups > 1, outerStride: y.group, innerStride: y.column },
      yRow: y.row,
      outputs: outputShape.at(-1)!,
      epilogue,
      threads: threadsOf(profile),
    }),
  };
  return { kernel, tile };
}

interface TermOrder {
  readonly outer: number;
  readonly inner: number;
  readonly factor: PairStrides;
  readonly x: PairStrides;
}

/** The terms as one run where both operands allow it, else either part as the inner one: the order of a sum is free. */
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

function sizesOf(contraction: Contraction, terms: TermOrder, positions: number): ContractionSizes {
  const { groups, rows, columns, rowInner, factorRow, x, y } = contraction;
  const factor: Operand = {
    name: 'factor',
    axis: {
      inner: rowInner,
      isPair: rows > rowInner,
      outerStride: factorRow.outer,
      innerStride: factorRow.inner,
    },
    terms: termAxis(terms, terms.factor),
  };
  const activations: Operand = {
    name: 'x',
    axis: { inner: columns, isPair: groups > 1, outerStride: x.group, innerStride: x.column },
    terms: termAxis(terms, terms.x),
  };
  const groupsInQuads = groups === 1 || y.group % 4 === 0;
  return {
    factor,
    x: activations,
    rows,
    positions,
    writesRows: y.row === 1 && rows % 4 === 0 && groupsInQuads && (columns === 1 || y.column % 4 === 0),
    writesColumns: y.column === 1 && columns % 4 === 0 && groupsInQuads && (rows === 1 || y.row % 4 === 0),
  };
}

/** A stride that leads to no second term is 0, whatever the caller says. */
function termAxis({ outer, inner }: TermOrder, strides: PairStrides): TermAxis {
  return {
    outer,
    inner,
    outerStride: outer > 1 ? strides.outer : 0,
    innerStride: inner > 1 ? strides.inner : 0,
  };
}

function threadsOf(profile: KernelProfile): number {
  return profile.name === 'software' ? SOFTWARE_THREADS : HARDWARE_THREADS;
}

function invocationsOf(tile: ContractionTile, rows: number, positions: number): number {
  const rowTiles = Math.ceil(rows / tile.rows);
  const positionTiles = Math.ceil(positions / tile.positions);
  if (tile.shared === 'factor') return rowTiles * Math.ceil(positionTiles / tile.lanes) * tile.lanes;
  if (tile.shared === 'x') return Math.ceil(rowTiles / tile.lanes) * tile.lanes * positionTiles;
  return rowTiles * positionTiles;
}

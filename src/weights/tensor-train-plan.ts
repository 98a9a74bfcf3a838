import { contractionTime } from '../engines/webgpu/kernels/contraction/tensor-contraction';
import type { Contraction } from '../engines/webgpu/kernels/contraction/tensor-contraction-plan';
import type { CoreShape } from './contraction-cost';

/**
 * Plan for applying a tensor train: neighbouring cores are first merged in groups, then the groups are contracted from one
 * end.
 */
export interface TensorTrainPlan {
  /** Number of cores in each group, in order; groups of one are used as they are. */
  readonly groups: readonly number[];
  readonly from: 'first' | 'last';
  /** Elements of the largest intermediate result per token. */
  readonly elements: number;
}

/** Number of cores above which there are too many ways to merge them. */
const MOST_CORES_TO_MERGE = 6;

/**
 * Finds the fastest plan for this many tokens. Merging has a fixed cost and saves intermediates for every token; a merged
 * core never holds more than half of the matrix's elements, nor more than `maxElements`.
 */
export function planTensorTrain(
  shapes: readonly CoreShape[],
  tokens: number,
  maxElements: number,
): TensorTrainPlan {
  const matrix = shapes.reduce((product, { row, column }) => product * row * column, 1);
  const limit = Math.min(maxElements, matrix / 2);
  const apart = shapes.map(() => 1);
  const groupings = shapes.length <= MOST_CORES_TO_MERGE ? compositions(shapes.length) : [apart];
  let best: TensorTrainPlan | undefined;
  let least = Infinity;
  for (const groups of groupings) {
    const merges = mergeSteps(shapes, groups);
    if (merges.some(({ shape }) => elementsOf(shape) > limit)) continue;
    const merging = sum(merges.map(({ contraction }) => contractionTime(contraction)));
    const merged = mergedShapes(shapes, groups);
    for (const from of ['first', 'last'] as const) {
      const steps = trainSteps(merged, from, tokens);
      const time = merging + sum(steps.map(contractionTime));
      if (time >= least) continue;
      least = time;
      best = { groups, from, elements: largestOf(steps) };
    }
  }
  return best!;
}

/** Elements of the largest intermediate result per token. */
export function largestOf(steps: readonly Contraction[]): number {
  return Math.max(...steps.map(({ outputShape }) => outputShape[1]));
}

/** One merging step: multiplies the cores merged so far by core `index`. */
export interface MergeStep {
  readonly index: number;
  readonly contraction: Contraction;
  /** Shape of the result. */
  readonly shape: CoreShape;
}

/** Merging steps of all groups, in order. */
export function mergeSteps(shapes: readonly CoreShape[], groups: readonly number[]): MergeStep[] {
  const steps: MergeStep[] = [];
  let start = 0;
  for (const count of groups) {
    let merged = shapes[start];
    for (let index = start + 1; index < start + count; index++) {
      steps.push({
        index,
        contraction: mergeContraction(merged, shapes[index]),
        shape: (merged = mergedShape(merged, shapes[index])),
      });
    }
    start += count;
  }
  return steps;
}

/** Shapes of the cores after merging. */
export function mergedShapes(shapes: readonly CoreShape[], groups: readonly number[]): CoreShape[] {
  let start = 0;
  return groups.map((count) => {
    start += count;
    return shapes.slice(start - count, start).reduce(mergedShape);
  });
}

function mergedShape(a: CoreShape, b: CoreShape): CoreShape {
  return { left: a.left, row: a.row * b.row, column: a.column * b.column, right: b.right };
}

/**
 * M[(i1, i2, r2), (r0, j1, j2)] = Σ_r1 B[(i2, r2), (r1, j2)] · A[(i1, r1), (r0, j1)], both cores as stored matrices
 * [row·right, left·column]: B is the factor, A the activations.
 */
function mergeContraction(a: CoreShape, b: CoreShape): Contraction {
  const width = a.left * a.column;
  const rows = b.row * b.right;
  return {
    groups: a.row,
    rows: rows * b.column,
    columns: width,
    terms: { outer: 1, inner: a.right },
    rowInner: b.column,
    factorRow: { outer: b.left * b.column, inner: 1 },
    factorTerm: { outer: 0, inner: b.column },
    x: { group: a.right * width, term: { outer: 0, inner: width }, column: 1 },
    y: {
      group: rows * width * b.column,
      row: { outer: width * b.column, inner: 1 },
      column: b.column,
    },
    outputShape: [a.row * rows, width * b.column],
  };
}

/** Contractions of this many tokens with the cores, in the order of application. */
export function trainSteps(
  shapes: readonly CoreShape[],
  from: 'first' | 'last',
  tokens: number,
): Contraction[] {
  return from === 'first' ? stepsFromFirst(shapes, tokens) : stepsFromLast(shapes, tokens);
}

/** State [tokens, rows done, left, columns left]; each core turns (left, column) into (row, right). */
function stepsFromFirst(shapes: readonly CoreShape[], tokens: number): Contraction[] {
  let rowsDone = 1;
  let columnsLeft = shapes.reduce((product, { column }) => product * column, 1);
  return shapes.map(({ left, row, column, right }) => {
    const rest = columnsLeft / column;
    const contraction: Contraction = {
      groups: tokens * rowsDone,
      rows: row * right,
      columns: rest,
      terms: { outer: left, inner: column },
      rowInner: row * right,
      factorRow: { outer: 0, inner: left * column },
      factorTerm: { outer: column, inner: 1 },
      x: { group: left * columnsLeft, term: { outer: columnsLeft, inner: rest }, column: 1 },
      y: { group: row * right * rest, row: { outer: 0, inner: rest }, column: 1 },
      outputShape: [tokens, rowsDone * row * right * rest],
    };
    rowsDone *= row;
    columnsLeft = rest;
    return contraction;
  });
}

/** State [tokens, columns left, right, rows done]; each core turns (column, right) into (left, row). */
function stepsFromLast(shapes: readonly CoreShape[], tokens: number): Contraction[] {
  let rowsDone = 1;
  let columnsLeft = shapes.reduce((product, { column }) => product * column, 1);
  return [...shapes].reverse().map(({ left, row, column, right }) => {
    const rest = columnsLeft / column;
    const contraction: Contraction = {
      groups: tokens * rest,
      rows: left * row,
      columns: rowsDone,
      terms: { outer: column, inner: right },
      rowInner: row,
      factorRow: { outer: column, inner: right * left * column },
      factorTerm: { outer: 1, inner: left * column },
      x: {
        group: column * right * rowsDone,
        term: { outer: right * rowsDone, inner: rowsDone },
        column: 1,
      },
      y: {
        group: left * row * rowsDone,
        row: { outer: row * rowsDone, inner: rowsDone },
        column: 1,
      },
      outputShape: [tokens, rest * left * row * rowsDone],
    };
    rowsDone *= row;
    columnsLeft = rest;
    return contraction;
  });
}

/** All compositions of `count` into groups of neighbours, except the single group of all if there are others. */
function compositions(count: number): number[][] {
  const all = (rest: number): number[][] =>
    rest === 0
      ? [[]]
      : Array.from({ length: rest }, (_, index) => index + 1).flatMap((first) =>
          all(rest - first).map((others) => [first, ...others]),
        );
  return all(count).filter((groups) => groups.length > 1 || count === 1);
}

function elementsOf({ left, row, column, right }: CoreShape): number {
  return left * row * column * right;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

import { contractionTime } from '../engines/webgpu/kernels/contraction/tensor-contraction';
import type { Contraction } from '../engines/webgpu/kernels/contraction/tensor-contraction-plan';
import type { CoreShape } from './contraction-cost';

/** How a tensor train is applied: neighbouring cores are first merged in groups, and the groups contracted from one end on. */
export interface TensorTrainPlan {
  /** Cores of each group, in order; groups of one are used as they are. */
  readonly groups: readonly number[];
  readonly from: 'first' | 'last';
  /** Elements of the largest intermediate, a token. */
  readonly elements: number;
}

/** Beyond so many cores the ways to merge them are too many to look at. */
const MOST_CORES_TO_MERGE = 6;

/**
 * The plan that takes the least time for so many tokens. Merging costs once what it saves at every token, in intermediates
 * that are neither written nor read; a merged core never holds more than half of the matrix's elements, nor more than
 * `maxElements`.
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

/** Elements of the largest intermediate, a token. */
export function largestOf(steps: readonly Contraction[]): number {
  return Math.max(...steps.map(({ outputShape }) => outputShape[1]));
}

/** One step of merging: the core that is merged so far takes up core `index`. */
export interface MergeStep {
  readonly index: number;
  readonly contraction: Contraction;
  /** Of what comes out. */
  readonly shape: CoreShape;
}

/** Every merging that the groups ask for, group by group. */
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
 * M[(i1, i2, r2), (r0, j1, j2)] = Σ_r1 B[(i2, r2), (r1, j2)] · A[(i1, r1), (r0, j1)], both cores as the matrices
 * [row·right, left·column] that they are stored as: B is the factor, A the activations.
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

/** The contractions of so many tokens with the cores, in the order in which they are applied. */
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

/** All ways to cut a row of `count` into groups of neighbours, but for the one group of all (where there is another way). */
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

import type { GroupPattern } from '../../weights/formats/n-of-m-weight';
import { z } from 'zod';
import { DenseWeight } from '../../weights/formats/dense-weight';
import type { LinearWeight } from '../../weights/linear-weight';
import { NOfMWeight } from '../../weights/formats/n-of-m-weight';
import { SparseWeight } from '../../weights/formats/sparse-weight';
import { StructuredWeight } from '../../weights/formats/structured-weight';
import { keptByNorm, magnitudeThreshold, type MagnitudeThreshold, pruneBelow, pruneNOfM } from './magnitude';
import { type MatrixMethod, RecipeError, type TargetMatrix } from '../method';
import { checkScope, checkSparsity, groupPatternOf, requireWholeGroups } from './sparsity-pattern';
import { roundHalfToEven } from '../../weights/quantization';
import { parameter } from '../../parameters/parameter';
import { scopeParameter, sparsityParameter } from './pruning-parameters';

const schema = z.strictObject({
  sparsity: sparsityParameter(
    'Share of the weights (or rows, or columns) that goes. A pattern N:M fixes it at 1 − N/M.',
  ),
  scope: scopeParameter(
    'layer',
    'Global lets matrices of many small weights give up more than others. It goes with the unstructured pattern.',
  ),
  pattern: parameter(
    z
      .string()
      .refine(
        (text) => ['unstructured', 'rows', 'columns'].includes(text) || groupPatternOf(text) !== undefined,
        { message: 'use "unstructured", "rows", "columns" or N:M such as "2:4"' },
      )
      .default('unstructured'),
    {
      label: 'Pattern',
      placeholder: 'unstructured, 2:4, rows, columns',
      help: 'unstructured, N:M along the input dimension (such as 2:4), or whole rows or columns by their norm.',
    },
  ),
});

type Parameters = z.infer<typeof schema>;

/**
 * For the global scope: one threshold, and the number of values of exactly that magnitude to remove from each matrix.
 */
interface GlobalThreshold {
  readonly threshold: MagnitudeThreshold;
  readonly tiesOf: Map<string, number>;
}

/** Magnitude pruning: sets the smallest weights to zero, one-shot. */
export const magnitudePruning: MatrixMethod<Parameters, GlobalThreshold | undefined> = {
  id: 'magnitude-pruning',
  title: 'Magnitude pruning',
  paper: 'Han et al. 2015, "Learning both Weights and Connections for Efficient Neural Networks", section 3',
  summary:
    'Sets the smallest weights to zero and stores the others with a bitmask, or N of every M with short indices, or only the remaining rows or columns.',
  appliesTo: 'values',
  schema,

  async survey(targets, parameters) {
    checkCombination(parameters);
    if (parameters.scope !== 'global') return undefined;
    let size = 0;
    for await (const { values } of targets) size += values.length;
    const threshold = await magnitudeThreshold(
      valuesOf(targets),
      roundHalfToEven(sparsityOf(parameters) * size),
    );
    const tiesOf = new Map<string, number>();
    let tiesLeft = threshold.ties;
    for await (const { name, values } of targets) {
      const { tiesUsed } = pruneBelow(values, { bits: threshold.bits, ties: tiesLeft });
      tiesOf.set(name, tiesUsed);
      tiesLeft -= tiesUsed;
    }
    return { threshold, tiesOf };
  },

  async compress(target, parameters, _context, globalThreshold) {
    if (parameters.pattern === 'rows' || parameters.pattern === 'columns') {
      return pruneStructure(target, parameters.pattern, sparsityOf(parameters));
    }
    const groups = groupPatternOf(parameters.pattern);
    if (groups) return pruneGroups(target, groups);
    const threshold = globalThreshold
      ? { bits: globalThreshold.threshold.bits, ties: globalThreshold.tiesOf.get(target.name)! }
      : await magnitudeThreshold(
          [target.values],
          roundHalfToEven(sparsityOf(parameters) * target.values.length),
        );
    return SparseWeight.fromDense(pruneBelow(target.values, threshold).pruned, target.shape);
  },
};

function checkCombination({ pattern, scope, sparsity }: Parameters): void {
  checkScope(pattern, scope);
  checkSparsity(pattern, sparsity);
}

function sparsityOf({ sparsity }: Parameters): number {
  return sparsity ?? 0;
}

/** The values alone, which can be iterated more than once like the targets themselves. */
function valuesOf(targets: AsyncIterable<TargetMatrix>): AsyncIterable<Float32Array> {
  return {
    async *[Symbol.asyncIterator]() {
      for await (const { values } of targets) yield values;
    },
  };
}

function pruneGroups({ name, shape, values }: TargetMatrix, groups: GroupPattern): LinearWeight {
  const [, width] = shape;
  const { kept, groupSize } = groups;
  requireWholeGroups(name, width, groups);
  return NOfMWeight.fromDense(pruneNOfM(values, width, kept, groupSize), shape, kept, groupSize);
}

function pruneStructure(
  { name, shape, values }: TargetMatrix,
  axis: 'rows' | 'columns',
  sparsity: number,
): LinearWeight {
  const [rows, columns] = shape;
  const length = axis === 'rows' ? rows : columns;
  const removed = roundHalfToEven(sparsity * length);
  if (removed >= length) {
    throw new RecipeError(
      `A sparsity of ${sparsity} leaves no ${axis} of ${name}; the greatest that leaves one is ${(length - 1) / length}.`,
    );
  }
  const kept = keptByNorm(values, shape, axis, removed);
  const inner = axis === 'rows' ? selectRows(values, columns, kept) : selectColumns(values, columns, kept);
  const innerShape = axis === 'rows' ? ([kept.length, columns] as const) : ([rows, kept.length] as const);
  return StructuredWeight.fromKept(axis, kept, shape, DenseWeight.fromValues(inner, innerShape));
}

function selectRows(values: Float32Array, columns: number, kept: Uint32Array): Float32Array {
  const selected = new Float32Array(kept.length * columns);
  kept.forEach((row, index) =>
    selected.set(values.subarray(row * columns, (row + 1) * columns), index * columns),
  );
  return selected;
}

function selectColumns(values: Float32Array, columns: number, kept: Uint32Array): Float32Array {
  const rows = values.length / columns;
  const selected = new Float32Array(rows * kept.length);
  for (let row = 0; row < rows; row++) {
    for (let index = 0; index < kept.length; index++) {
      selected[row * kept.length + index] = values[row * columns + kept[index]];
    }
  }
  return selected;
}

import { z } from 'zod';
import type { LinearWeight } from '../../weights/linear-weight';
import { GREATEST_GROUP, type GroupPattern, NOfMWeight } from '../../weights/formats/n-of-m-weight';
import type { QuantizationGrid } from '../../weights/quantization';
import { SparseWeight } from '../../weights/formats/sparse-weight';
import { parameter } from '../../parameters/parameter';
import { RecipeError } from '../method';
import { sparsityParameter } from './pruning-parameters';

const N_OF_M = /^([1-9]\d*):([1-9]\d*)$/;

/** Parses a pattern such as "2:4"; undefined for any other text. */
export function groupPatternOf(text: string): GroupPattern | undefined {
  const [, kept, groupSize] = N_OF_M.exec(text)?.map(Number) ?? [];
  return groupSize ? { kept, groupSize } : undefined;
}

/** Parameters of a method that prunes single weights: a share of them, or N:M. */
export const PATTERN_PARAMETERS = {
  sparsity: sparsityParameter('Share of the weights that goes. A pattern N:M fixes it at 1 − N/M.'),
  pattern: parameter(
    z
      .string()
      .refine((text) => text === 'unstructured' || groupPatternOf(text) !== undefined, {
        message: 'use "unstructured" or N:M such as "2:4"',
      })
      .default('unstructured'),
    {
      label: 'Pattern',
      placeholder: 'unstructured, 2:4, 4:8',
      help: 'unstructured, or N:M along the input dimension (such as 2:4).',
    },
  ),
};

/** @throws RecipeError where the pattern needs a sparsity, fixes another one, or cannot be stored */
export function checkSparsity(pattern: string, sparsity: number | undefined): void {
  const groups = groupPatternOf(pattern);
  if (!groups) {
    if (sparsity === undefined)
      throw new RecipeError(`The pattern "${pattern}" needs a "sparsity" between 0 and 1.`);
    return;
  }
  const { kept, groupSize } = groups;
  if (kept >= groupSize || groupSize > GREATEST_GROUP) {
    throw new RecipeError(
      `The pattern "${pattern}" removes nothing or is too wide; N:M needs N smaller than M and M at most ${GREATEST_GROUP}, such as 2:4.`,
    );
  }
  const implied = 1 - kept / groupSize;
  if (sparsity !== undefined && Math.abs(sparsity - implied) > 1e-9) {
    throw new RecipeError(
      `The pattern "${pattern}" fixes the sparsity at ${implied}, but the recipe says ${sparsity}; leave "sparsity" out.`,
    );
  }
}

/** @throws RecipeError where a global scope is combined with a pattern that fixes the share of each matrix */
export function checkScope(pattern: string, scope: 'layer' | 'global'): void {
  if (scope === 'layer' || pattern === 'unstructured') return;
  throw new RecipeError(
    `The scope "global" goes with the pattern "unstructured", not with "${pattern}"; use the scope "layer".`,
  );
}

/** @throws RecipeError where the group size does not divide the width of the matrix */
export function requireWholeGroups(name: string, width: number, { kept, groupSize }: GroupPattern): void {
  if (width % groupSize === 0) return;
  throw new RecipeError(
    `${kept}:${groupSize} does not fit ${name}: its ${width} columns are not a multiple of ${groupSize}; choose an M that divides ${width}.`,
  );
}

/**
 * The smallest format for a pruned matrix.
 * @param values row-major [out, in]
 * @param pattern of the values; undefined: none
 * @param grid of the values, to store them as codes; undefined: as float32
 */
export function storePruned(
  values: Float32Array,
  shape: readonly [number, number],
  pattern: GroupPattern | undefined,
  grid?: QuantizationGrid,
): LinearWeight {
  if (!pattern)
    return grid ? SparseWeight.fromGrid(values, shape, grid) : SparseWeight.fromDense(values, shape);
  if (grid) return NOfMWeight.fromGrid(values, shape, pattern, grid);
  return NOfMWeight.fromDense(values, shape, pattern.kept, pattern.groupSize);
}

import { RecipeError } from './method';

const N_OF_M = /^([1-9]\d*):([1-9]\d*)$/;
/** Indices within a group take one byte at most. */
const GREATEST_GROUP = 256;

/** Of each `groupSize` weights along the input dimension `kept` stay. */
export interface GroupPattern {
  readonly kept: number;
  readonly groupSize: number;
}

/** The pattern that a text such as "2:4" names; undefined for any other text. */
export function groupPatternOf(text: string): GroupPattern | undefined {
  const [, kept, groupSize] = N_OF_M.exec(text)?.map(Number) ?? [];
  return groupSize ? { kept, groupSize } : undefined;
}

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
      `The pattern "${pattern}" keeps nothing back or is too wide; N:M needs N smaller than M and M at most ${GREATEST_GROUP}, such as 2:4.`,
    );
  }
  const implied = 1 - kept / groupSize;
  if (sparsity !== undefined && Math.abs(sparsity - implied) > 1e-9) {
    throw new RecipeError(
      `The pattern "${pattern}" fixes the sparsity at ${implied}, the recipe says ${sparsity}; leave "sparsity" out.`,
    );
  }
}

/** @throws RecipeError where groups do not divide the width of the matrix */
export function requireWholeGroups(name: string, width: number, { kept, groupSize }: GroupPattern): void {
  if (width % groupSize === 0) return;
  throw new RecipeError(
    `${kept}:${groupSize} does not fit ${name}: its ${width} columns are not a multiple of ${groupSize}; choose an M that divides ${width}.`,
  );
}

import { z } from 'zod';
import { parameter } from '../../parameters/parameter';
import { RecipeError } from '../method';

/** A size in a recipe: a number, or a fraction of the weight's own dimension such as "1/2". */
export const sizeSchema = z.union(
  [z.number().int().positive(), z.string().regex(/^[1-9]\d*(\/[1-9]\d*)?$/)],
  { error: 'a size is a positive integer or a fraction of the dimension such as "1/2"' },
);

export type Size = z.infer<typeof sizeSchema>;

/**
 * A size in elements. The string "1/8" is that share of the dimension, "1" the whole of it; in lists, a string with a
 * whole number above 1 ("8") is a number of elements.
 * @throws RecipeError where the share is not a whole number of elements
 */
export function resolveSize(size: Size, dimension: number, where: string): number {
  if (typeof size === 'number') return size;
  const [numerator, denominator = 1] = size.split('/').map(Number);
  if (!size.includes('/') && numerator > 1) return numerator;
  const resolved = (dimension * numerator) / denominator;
  if (Number.isInteger(resolved)) return resolved;
  throw new RecipeError(
    `"${size}" of ${dimension} (${where}) is not a whole number; ${dimension} is divided by ${divisorsInWords(dimension)}.`,
  );
}

/** All divisors, ascending. */
export function divisorsOf(value: number): number[] {
  return Array.from({ length: value }, (_, index) => index + 1).filter(
    (candidate) => value % candidate === 0,
  );
}

export function divisorsInWords(value: number): string {
  return divisorsOf(value).join(', ');
}

/**
 * Share of a matrix's parameters that its factors may hold. @param follows the quantity that follows from it, and the
 * parameter that it replaces
 */
export function parametersKeptParameter(follows: string) {
  return parameter(z.number().positive().max(1).optional(), {
    label: 'Parameters kept',
    step: 0.01,
    help: `Share of the parameters that ${follows}`,
  });
}

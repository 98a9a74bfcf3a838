import { z } from 'zod';
import { parameter } from '../../parameters/parameter';
import { divisorsInWords, parametersKeptParameter, resolveSize, sizeSchema } from './dimension-shares';
import { automaticAShape } from './kronecker-shape';
import { RecipeError } from '../method';

type Shape = readonly [number, number];

/** Parameters of every method that replaces a matrix by a sum of Kronecker products A⊗B. */
export const kroneckerSchema = z.strictObject({
  terms: parameter(z.number().int().positive().optional(), {
    label: 'Terms',
    max: 1024,
    initial: 8,
    help: 'Number of products in the sum.',
  }),
  aShape: parameter(z.union([z.literal('auto'), z.tuple([sizeSchema, sizeSchema])]).default('auto'), {
    label: 'Shape of A',
    placeholder: 'auto, [48, 12], ["1/2", "1"]',
    help: 'Rows and columns of A, as numbers or as fractions of the matrix; B has the rest. auto: of the shapes with A and B of about one size, the cheapest to apply.',
  }),
  parametersKept: parametersKeptParameter(
    'the factors may hold; the number of terms follows. Instead of terms.',
  ),
});

export type KroneckerParameters = z.infer<typeof kroneckerSchema>;

/**
 * The shape of A and the number of terms for one matrix.
 *
 * @param method its id, for messages
 * @param name of the matrix, for messages
 * @throws RecipeError where A does not divide the matrix, or that number of terms is impossible
 */
export function kroneckerSizes(
  method: string,
  name: string,
  shape: Shape,
  parameters: KroneckerParameters,
): { aShape: Shape; terms: number } {
  const aShape = aShapeFor(name, shape, parameters.aShape);
  const aSize = aShape[0] * aShape[1];
  return { aShape, terms: termsFor(method, name, aSize, shape, parameters) };
}

function aShapeFor(name: string, [outputs, inputs]: Shape, aShape: KroneckerParameters['aShape']): Shape {
  if (aShape === 'auto') return automaticAShape([outputs, inputs]);
  const rows = resolveSize(aShape[0], outputs, `rows of ${name}`);
  const columns = resolveSize(aShape[1], inputs, `columns of ${name}`);
  if (outputs % rows !== 0) throw new RecipeError(impossible(name, 'rows', rows, outputs));
  if (inputs % columns !== 0) throw new RecipeError(impossible(name, 'columns', columns, inputs));
  return [rows, columns];
}

function impossible(name: string, what: string, size: number, dimension: number): string {
  return `A cannot have ${size} ${what}: the ${dimension} ${what} of ${name} are divided by ${divisorsInWords(dimension)}.`;
}

function termsFor(
  method: string,
  name: string,
  aSize: number,
  [outputs, inputs]: Shape,
  { terms, parametersKept }: KroneckerParameters,
): number {
  const bSize = (outputs * inputs) / aSize;
  if ((terms === undefined) === (parametersKept === undefined)) {
    throw new RecipeError(`${method} takes exactly one of "terms" and "parametersKept".`);
  }
  const greatest = Math.min(aSize, bSize);
  if (terms !== undefined) {
    if (terms <= greatest) return terms;
    throw new RecipeError(
      `${name} with these shapes has at most ${greatest} ${greatest === 1 ? 'term' : 'terms'} (then it is exact), but the recipe requests ${terms}.`,
    );
  }
  const affordable = Math.floor((parametersKept! * outputs * inputs) / (aSize + bSize));
  if (affordable >= 1) return Math.min(affordable, greatest);
  const least = (aSize + bSize) / (outputs * inputs);
  throw new RecipeError(
    `${parametersKept} of the parameters of ${name} do not hold one term of these shapes; the least possible share is ${least.toPrecision(3)}.`,
  );
}

import { z } from 'zod';
import { matrixFrom } from '../../linalg/matrix';
import { nearestKroneckerProduct } from '../../linalg/nearest-kronecker-product';
import { DenseWeight } from '../../weights/dense-weight';
import { KroneckerWeight } from '../../weights/kronecker-weight';
import { divisorsInWords, resolveSize, sizeSchema } from '../dimension-shares';
import { automaticAShape } from '../kronecker-shape';
import { type MatrixMethod, RecipeError } from '../method';

const schema = z.strictObject({
  terms: z.number().int().positive().optional(),
  aShape: z.union([z.literal('auto'), z.tuple([sizeSchema, sizeSchema])]).default('auto'),
  parametersKept: z.number().positive().max(1).optional(),
});

type Parameters = z.infer<typeof schema>;
type Shape = readonly [number, number];

/** Sum of Kronecker products nearest to the matrix. */
export const kronecker: MatrixMethod<Parameters> = {
  id: 'kronecker',
  title: 'Kronecker',
  paper: 'Van Loan and Pitsianis 1993, "Approximation with Kronecker Products", section 2',
  summary:
    'Replaces the matrix by a sum of Kronecker products A⊗B, applied as two small products; on trained weights it loses much without recovery.',
  appliesTo: 'matrix',
  fields: {
    terms: {
      kind: 'number',
      label: 'Terms',
      min: 1,
      max: 1024,
      step: 1,
      default: 8,
      optional: true,
      help: 'Products that are added up.',
    },
    aShape: {
      kind: 'text',
      label: 'Shape of A',
      default: 'auto',
      placeholder: 'auto, [48, 12], ["1/2", "1"]',
      help: 'Rows and columns of A, as numbers or as fractions of the matrix; B takes the rest. auto: A and B of about one size, the cheapest to apply of these.',
    },
    parametersKept: {
      kind: 'number',
      label: 'Parameters kept',
      min: 0.01,
      max: 1,
      step: 0.01,
      default: 0.5,
      optional: true,
      help: 'Share of the parameters that the factors may hold; the number of terms follows. Instead of terms.',
    },
  },
  schema,

  async compress({ name, shape, values }, parameters, context) {
    const [aRows, aColumns] = aShapeFor(name, shape, parameters.aShape);
    const [bRows, bColumns] = [shape[0] / aRows, shape[1] / aColumns];
    const terms = termsFor(name, [aRows * aColumns, bRows * bColumns], shape, parameters);
    const { a, b } = await nearestKroneckerProduct(
      matrixFrom(values, ...shape),
      [aRows, aColumns],
      terms,
      context,
    );
    // The weight wants the A_k side by side: [aRows, terms, aColumns] instead of [terms, aRows, aColumns].
    const besides = new Float32Array(a.length);
    for (let k = 0; k < terms; k++) {
      for (let row = 0; row < aRows; row++) {
        const start = (k * aRows + row) * aColumns;
        besides.set(a.subarray(start, start + aColumns), (row * terms + k) * aColumns);
      }
    }
    return new KroneckerWeight(
      DenseWeight.fromValues(besides, [aRows, terms * aColumns]),
      DenseWeight.fromValues(Float32Array.from(b), [terms * bRows, bColumns]),
      terms,
    );
  },
};

function aShapeFor(name: string, [outputs, inputs]: Shape, aShape: Parameters['aShape']): Shape {
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
  name: string,
  [aSize, bSize]: Shape,
  [outputs, inputs]: Shape,
  { terms, parametersKept }: Parameters,
): number {
  if ((terms === undefined) === (parametersKept === undefined)) {
    throw new RecipeError('kronecker takes either "terms" or "parametersKept", one of the two.');
  }
  const greatest = Math.min(aSize, bSize);
  if (terms !== undefined) {
    if (terms <= greatest) return terms;
    throw new RecipeError(
      `${name} with these shapes has at most ${greatest} ${greatest === 1 ? 'term' : 'terms'} (then it is exact), the recipe asks for ${terms}.`,
    );
  }
  const affordable = Math.floor((parametersKept! * outputs * inputs) / (aSize + bSize));
  if (affordable >= 1) return Math.min(affordable, greatest);
  const least = (aSize + bSize) / (outputs * inputs);
  throw new RecipeError(
    `${parametersKept} of the parameters of ${name} do not hold one term of these shapes; the least share that does is ${least.toPrecision(3)}.`,
  );
}

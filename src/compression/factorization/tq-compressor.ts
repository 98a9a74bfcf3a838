import { z } from 'zod';
import { matrixFrom } from '../../linalg/matrix';
import { permutedKroneckerProduct } from '../../linalg/permuted-kronecker-product';
import { KroneckerWeight } from '../../weights/formats/kronecker-weight';
import { PermutedWeight } from '../../weights/formats/permuted-weight';
import { kroneckerSchema, kroneckerSizes } from './kronecker-parameters';
import { type MatrixMethod, RecipeError } from '../method';
import { parameter } from '../../parameters/parameter';

const schema = kroneckerSchema.extend({
  iterations: parameter(z.number().int().positive().max(100).default(10), {
    label: 'Iterations',
    help: 'Rounds of factorizing and reordering at most; it ends sooner where the error no longer falls.',
  }),
});

type Parameters = z.infer<typeof schema>;

/** Rows or columns that are permuted are compared each with each: 512 MiB in float64. */
const MOST_PERMUTED = 8192;

/** Kronecker products of the matrix with its rows and columns in a better order. */
export const tqCompressor: MatrixMethod<Parameters> = {
  id: 'tq-compressor',
  title: 'Permuted Kronecker (TQCompressor)',
  paper:
    'Abronin et al. 2024, "TQCompressor: improving tensor decomposition methods in neural networks via permutations", section 3',
  summary:
    'Kronecker products after rows and columns were put into the order that suits them: a lower error at the same shapes, for two bytes a permuted row or column and a gather each.',
  appliesTo: 'matrix',
  schema,

  async compress({ name, shape, values }, parameters, context) {
    const { aShape, terms } = kroneckerSizes('tq-compressor', name, shape, parameters);
    refuseTooMany(name, 'rows', shape[0], aShape[0]);
    refuseTooMany(name, 'columns', shape[1], aShape[1]);
    const matrix = matrixFrom(values, ...shape);
    const sum = await permutedKroneckerProduct(matrix, aShape, terms, parameters.iterations, context);
    const weight = KroneckerWeight.fromSum(sum, shape, aShape, terms);
    const { rowOrder, columnOrder } = sum;
    return rowOrder || columnOrder ? PermutedWeight.fromOrders(weight, rowOrder, columnOrder) : weight;
  },
};

/** @throws RecipeError where a dimension that both A and B split is too long to be reordered */
function refuseTooMany(name: string, what: 'rows' | 'columns', size: number, ofA: number): void {
  if (size <= MOST_PERMUTED || ofA === 1 || ofA === size) return;
  throw new RecipeError(
    `tq-compressor reorders at most ${MOST_PERMUTED} ${what}, ${name} has ${size}; give all ${what} to A ("1") or to B (1), which need no order then.`,
  );
}

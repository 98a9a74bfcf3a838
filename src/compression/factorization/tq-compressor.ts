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
    help: 'Maximum number of rounds of factorizing and permuting; ends earlier when the error no longer falls.',
  }),
});

type Parameters = z.infer<typeof schema>;

/** Permuted rows or columns are compared pairwise: 512 MiB in float64. */
const MOST_PERMUTED = 8192;

/** Sum of Kronecker products of the matrix with permuted rows and columns. */
export const tqCompressor: MatrixMethod<Parameters> = {
  id: 'tq-compressor',
  title: 'Permuted Kronecker (TQCompressor)',
  paper:
    'Abronin et al. 2024, "TQCompressor: improving tensor decomposition methods in neural networks via permutations", section 3',
  summary:
    'Kronecker products after a permutation of rows and columns: a lower error at the same shapes, for two bytes a permuted row or column and a gather each.',
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

/** @throws RecipeError where a dimension that both A and B split is too long to be permuted */
function refuseTooMany(name: string, what: 'rows' | 'columns', size: number, ofA: number): void {
  if (size <= MOST_PERMUTED || ofA === 1 || ofA === size) return;
  throw new RecipeError(
    `tq-compressor permutes at most ${MOST_PERMUTED} ${what}, ${name} has ${size}; give all ${what} to A ("1") or to B (1), which then need no permutation.`,
  );
}

import { matrixFrom } from '../../linalg/matrix';
import { nearestKroneckerProduct } from '../../linalg/nearest-kronecker-product';
import { KroneckerWeight } from '../../weights/formats/kronecker-weight';
import { type KroneckerParameters, kroneckerSchema, kroneckerSizes } from './kronecker-parameters';
import type { MatrixMethod } from '../method';

/** Sum of Kronecker products nearest to the matrix. */
export const kronecker: MatrixMethod<KroneckerParameters> = {
  id: 'kronecker',
  title: 'Kronecker',
  paper: 'Van Loan and Pitsianis 1993, "Approximation with Kronecker Products", section 2',
  summary:
    'Replaces the matrix by a sum of Kronecker products A⊗B, applied as two small products; on trained weights it loses much quality without recovery.',
  appliesTo: 'matrix',
  schema: kroneckerSchema,

  async compress({ name, shape, values }, parameters, context) {
    const { aShape, terms } = kroneckerSizes('kronecker', name, shape, parameters);
    const sum = await nearestKroneckerProduct(matrixFrom(values, ...shape), aShape, terms, context);
    return KroneckerWeight.fromSum(sum, shape, aShape, terms);
  },
};

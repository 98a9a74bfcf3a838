import type * as tf from '@tensorflow/tfjs';
import { product, swapMiddle } from '../../model/gradients/kernel-gradients';
import type { KroneckerWeight } from '../../weights/kronecker-weight';
import type { TrainableForm } from '../trainable-form';
import { FactorizedMatrix } from './factorized-matrix';

/**
 * Σ_k A_k ⊗ B_k as one product over k of every element of the A_k and every element of the B_k (Van Loan and Pitsianis 1993),
 * whose elements are then put in their places.
 *
 * @param a [aRows, terms·aColumns], the A_k side by side; @param b [terms·bRows, bColumns], the B_k one under the other
 */
export function sumOfKroneckerProducts(a: tf.Tensor2D, b: tf.Tensor2D, terms: number): tf.Tensor2D {
  const [aRows, aColumns] = [a.shape[0], a.shape[1] / terms];
  const [bRows, bColumns] = [b.shape[0] / terms, b.shape[1]];
  const [ofA, ofB] = [aRows * aColumns, bRows * bColumns];
  const elementsOfA = swapMiddle(a, [aRows, terms, aColumns, 1], [ofA, terms]) as tf.Tensor2D;
  const elementsOfB = swapMiddle(b, [1, terms, ofB, 1], [ofB, terms]) as tf.Tensor2D;
  const products = product(elementsOfA, elementsOfB); // [(i, j), (p, q)]
  return swapMiddle(
    products,
    [aRows, aColumns, bRows, bColumns],
    [aRows * bRows, aColumns * bColumns],
  ) as tf.Tensor2D;
}

export const kroneckerForm: TrainableForm = {
  form: 'kronecker',
  of(weight, name, ofFactor) {
    const { terms } = weight as KroneckerWeight;
    return FactorizedMatrix.of(weight, name, ofFactor, ([a, b]) => sumOfKroneckerProducts(a, b, terms));
  },
};

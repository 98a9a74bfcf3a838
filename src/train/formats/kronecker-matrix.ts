import type * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import {
  kroneckerGradient,
  type KroneckerSizes,
  kroneckerSum,
} from '../../engines/webgpu/kernels/contraction/kronecker-sum';
import { product, swapMiddle } from '../../model/gradients/kernel-gradients';
import type { KroneckerWeight } from '../../weights/formats/kronecker-weight';
import type { TrainableFormat } from '../trainable-format';
import { FactorizedMatrix } from './factorized-matrix';

/**
 * Limits for summing element by element: at most this many terms, or a factor with at most this many elements. Beyond both, a
 * matrix product reads less memory; with few outputs it would leave most of its tiles empty.
 */
const FEW_TERMS = 2;
const FEW_ELEMENTS = 16;

/**
 * Σ_k A_k ⊗ B_k.
 * @param a [aRows, terms·aColumns], the A_k side by side; @param b [terms·bRows, bColumns], the B_k one under the other
 */
export function sumOfKroneckerProducts(a: tf.Tensor2D, b: tf.Tensor2D, sizes: KroneckerSizes): tf.Tensor2D {
  const { terms, aRows, aColumns, bRows, bColumns } = sizes;
  const isByElement = terms <= FEW_TERMS || Math.min(aRows * aColumns, bRows * bColumns) <= FEW_ELEMENTS;
  return isByElement ? sumByElement(a, b, sizes) : sumByProduct(a, b, sizes);
}

function sumByElement(a: tf.Tensor2D, b: tf.Tensor2D, sizes: KroneckerSizes): tf.Tensor2D {
  const [y] = differentiableOp(
    { a, b },
    (save) => {
      save([a, b]);
      return [kroneckerSum(a, b, sizes)];
    },
    ([change], saved) => {
      const [a, b] = saved as tf.Tensor2D[];
      return {
        a: () => kroneckerGradient('a', change, b, sizes),
        b: () => kroneckerGradient('b', change, a, sizes),
      };
    },
  );
  return y as tf.Tensor2D;
}

/**
 * One product over k of every element of the A_k and every element of the B_k (Van Loan and Pitsianis 1993), followed by a
 * rearrangement of the products.
 */
function sumByProduct(
  a: tf.Tensor2D,
  b: tf.Tensor2D,
  { terms, aRows, aColumns, bRows, bColumns }: KroneckerSizes,
): tf.Tensor2D {
  const [sizeOfA, sizeOfB] = [aRows * aColumns, bRows * bColumns];
  const elementsOfA = swapMiddle(a, [aRows, terms, aColumns, 1], [sizeOfA, terms]) as tf.Tensor2D;
  const elementsOfB = swapMiddle(b, [1, terms, sizeOfB, 1], [sizeOfB, terms]) as tf.Tensor2D;
  const products = product(elementsOfA, elementsOfB); // [(i, j), (p, q)]
  return swapMiddle(
    products,
    [aRows, aColumns, bRows, bColumns],
    [aRows * bRows, aColumns * bColumns],
  ) as tf.Tensor2D;
}

export const kroneckerFormat: TrainableFormat = {
  id: 'kronecker',
  of(weight, name, trainFactor) {
    const { terms, aRows, aColumns, bRows, bColumns } = weight as KroneckerWeight;
    const sizes = { terms, aRows, aColumns, bRows, bColumns };
    return FactorizedMatrix.of(weight, name, trainFactor, ([a, b]) => sumOfKroneckerProducts(a, b, sizes));
  },
};

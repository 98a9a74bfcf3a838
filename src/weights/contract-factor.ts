import type * as tf from '@tensorflow/tfjs';
import type { Epilogue } from '../kernels/epilogue';
import { stridedCopy } from '../kernels/strided-copy';
import { type Contraction, contractTensor } from '../kernels/tensor-contraction';
import { DenseWeight } from './dense-weight';
import type { LinearWeight } from './linear-weight';

/** Whether a factor's values stand in one plain buffer, so that kernels may index it as they like. */
export function isPlain(factor: LinearWeight): factor is DenseWeight {
  return factor instanceof DenseWeight && factor.values !== undefined;
}

/**
 * Contracts a factor of any form with activations. A plain factor is indexed in place. Any other one multiplies rows, so
 * the activations are brought into rows first and the result back: still without making the dense matrix.
 *
 * For a factor that is not plain, the contraction's m and k must be its rows and columns in order.
 * @param epilogue its bias goes by the element of the result modulo the last dimension of `outputShape`
 */
export function contractFactor(
  factor: LinearWeight,
  x: tf.Tensor,
  contraction: Contraction,
  epilogue?: Epilogue,
): tf.Tensor2D {
  if (isPlain(factor)) return contractTensor(factor.values!, x, contraction, epilogue);
  const { groups, rows, columns, terms, outputShape } = contraction;
  const width = terms.outer * terms.inner;
  const gathered = stridedCopy(
    x,
    [groups, columns, terms.outer, terms.inner],
    [contraction.x.group, contraction.x.column, contraction.x.term.outer, contraction.x.term.inner],
    [columns * width, width, terms.inner, 1],
    [groups * columns, width],
  );
  const product = factor.matmul(gathered); // [groups·columns, rows]
  return stridedCopy(
    product,
    [groups, columns, rows, 1],
    [columns * rows, rows, 1, 0],
    [contraction.y.group, contraction.y.column, contraction.y.row, 0],
    outputShape as [number, number],
    epilogue,
  );
}

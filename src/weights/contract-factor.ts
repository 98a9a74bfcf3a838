import type * as tf from '@tensorflow/tfjs';
import type { Epilogue } from '../engines/webgpu/kernels/wgsl/epilogue';
import { stridedCopy } from '../engines/webgpu/kernels/contraction/strided-copy';
import { contractTensor } from '../engines/webgpu/kernels/contraction/tensor-contraction';
import type { Contraction } from '../engines/webgpu/kernels/contraction/tensor-contraction-plan';
import { kernelProfile } from '../engines/webgpu/kernels/wgsl/kernel-profile';
import { FEW_TOKENS } from '../engines/webgpu/kernels/products/dense-matmul';
import type { LinearWeight } from './linear-weight';

/** Whether a factor's values are in one plain buffer that kernels can index directly. */
export function isPlain(
  factor: LinearWeight,
): factor is LinearWeight & { readonly denseValues: tf.Tensor2D } {
  return factor.denseValues !== undefined;
}

/**
 * Contracts a factor of any format with activations. A plain factor is indexed in place. For any other format, which only
 * multiplies rows, the activations are rearranged into rows and the result back, without making the dense matrix.
 *
 * If the factor is not plain, the contraction's m and k must be its rows and columns in order.
 * @param epilogue its bias is indexed by the element of the result modulo the last dimension of `outputShape`
 */
export function contractFactor(
  factor: LinearWeight,
  x: tf.Tensor,
  contraction: Contraction,
  epilogue?: Epilogue,
): tf.Tensor2D {
  if (isPlain(factor)) return contractTensor(factor.denseValues, x, contraction, epilogue);
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
    [contraction.y.group, contraction.y.column, contraction.y.row.inner, 0],
    outputShape as [number, number],
    epilogue,
  );
}

/** Row length from which lanes of a subgroup that share a row have work for several steps each. */
const LONG_ROW = 64;

/** factor · xᵀ, transposed: [n, in] → [n, out]. */
export function multiplyFactor(factor: LinearWeight, x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
  const [count] = x.shape;
  if (!isPlain(factor) || !contractsFaster(factor, count)) return factor.matmul(x, epilogue);
  return contractTensor(factor.denseValues, x, productContraction(factor.shape, count), epilogue);
}

/**
 * Whether contracting this many rows with a plain factor is faster than a matrix product. With register tiles, a contraction
 * adapts to thin factors and reads rows of any length in place; few tokens with long rows are faster in the kernel whose
 * lanes share a row.
 */
export function contractsFaster({ shape: [, width] }: LinearWeight, count: number): boolean {
  if (kernelProfile().tile === 'workgroup') return false;
  return count > FEW_TOKENS || width < LONG_ROW || width % 4 !== 0;
}

/** Product of `count` rows with a matrix [rows, terms], as a contraction. */
export function productContraction([rows, terms]: readonly [number, number], count: number): Contraction {
  return {
    groups: count,
    rows,
    columns: 1,
    terms: { outer: 1, inner: terms },
    rowInner: rows,
    factorRow: { outer: 0, inner: terms },
    factorTerm: { outer: 0, inner: 1 },
    x: { group: terms, term: { outer: 0, inner: 1 }, column: 0 },
    y: { group: rows, row: { outer: 0, inner: 1 }, column: 0 },
    outputShape: [count, rows],
  };
}

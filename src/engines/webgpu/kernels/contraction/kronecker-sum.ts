import type * as tf from '@tensorflow/tfjs';
import { type Kernel, runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { columnSums } from '../products/column-sums';
import gradientSource from './kronecker-gradient.wgsl?raw';
import source from './kronecker-sum.wgsl?raw';

/** Sizes of Σ_k A_k ⊗ B_k: A_k [aRows, aColumns] side by side, B_k [bRows, bColumns] one under the other. */
export interface KroneckerSizes {
  readonly terms: number;
  readonly aRows: number;
  readonly aColumns: number;
  readonly bRows: number;
  readonly bColumns: number;
}

/** Elements that one invocation adds up: a factor of few elements has a sum over nearly the whole matrix for each. */
const BAND = 256;

const SUM = elementKernel({ name: 'kronecker-sum', source });
const gradientKernel = (byA: boolean): Kernel =>
  elementKernel(
    { name: 'kronecker-gradient', source: gradientSource, constants: { BAND, BY_A: byA } },
    'uniforms.elements * uniforms.bands',
  );
const BY_A = gradientKernel(true);
const BY_B = gradientKernel(false);

/** Σ_k A_k ⊗ B_k: [aRows·bRows, aColumns·bColumns], element by element, which is quick where the terms are few. */
export function kroneckerSum(a: tf.Tensor2D, b: tf.Tensor2D, sizes: KroneckerSizes): tf.Tensor2D {
  const { terms, aRows, aColumns, bRows, bColumns } = sizes;
  const shape: [number, number] = [aRows * bRows, aColumns * bColumns];
  const elements = shape[0] * shape[1];
  const [y] = runKernel(SUM, {
    inputs: [a, b],
    outputs: [{ shape, dtype: 'float32' }],
    uniforms: [elements, terms, aColumns, bRows, bColumns],
    workgroups: workgroupsOf(elements),
  });
  return y as tf.Tensor2D;
}

/**
 * The gradient by one of the factors, of its shape.
 * @param change gradient by the sum; @param other the other factor
 */
export function kroneckerGradient(
  by: 'a' | 'b',
  change: tf.Tensor,
  other: tf.Tensor2D,
  { terms, aRows, aColumns, bRows, bColumns }: KroneckerSizes,
): tf.Tensor2D {
  const [ofA, ofB] = [aRows * aColumns, bRows * bColumns];
  const [elements, summed] = by === 'a' ? [terms * ofA, ofB] : [terms * ofB, ofA];
  const shape: [number, number] = by === 'a' ? [aRows, terms * aColumns] : [terms * bRows, bColumns];
  const bands = Math.ceil(summed / BAND);
  const [parts] = runKernel(by === 'a' ? BY_A : BY_B, {
    inputs: [change, other],
    outputs: [{ shape: bands === 1 ? shape : [bands, elements], dtype: 'float32' }],
    uniforms: [elements, summed, bands, terms, aColumns, bRows, bColumns],
    workgroups: workgroupsOf(elements * bands),
  });
  if (bands === 1) return parts as tf.Tensor2D;
  const sums = columnSums(parts as tf.Tensor2D, 'sums');
  const gradient = sums.reshape(shape) as tf.Tensor2D;
  parts.dispose();
  sums.dispose();
  return gradient;
}

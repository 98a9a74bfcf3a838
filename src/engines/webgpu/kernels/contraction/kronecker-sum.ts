import type * as tf from '@tensorflow/tfjs';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { columnSums } from '../products/column-sums';
import gradientBody from './kronecker-gradient.wgsl?raw';
import body from './kronecker-sum.wgsl?raw';

/** Shape of Σ_k A_k ⊗ B_k: the A_k [aRows, aColumns] are side by side, the B_k [bRows, bColumns] one below the other. */
export interface KroneckerSizes {
  readonly terms: number;
  readonly aRows: number;
  readonly aColumns: number;
  readonly bRows: number;
  readonly bColumns: number;
}

/** Elements summed by one invocation; an element of a small factor sums over nearly the whole matrix. */
const BAND = 256;

const SUM = elementKernel({
  name: 'kronecker-sum',
  inputs: { a: 'array<f32>', b: 'array<f32>' },
  outputs: { y: 'array<f32>' },
  uniforms: { elements: 'u32', terms: 'u32', aColumns: 'u32', bRows: 'u32', bColumns: 'u32' },
  body,
});
const gradientKernel = (byA: boolean) =>
  elementKernel(
    {
      name: 'kronecker-gradient',
      inputs: { change: 'array<f32>', other: 'array<f32>' },
      outputs: { y: 'array<f32>' },
      uniforms: {
        // Elements of one factor, and elements per term of the other.
        elements: 'u32',
        summed: 'u32',
        bands: 'u32',
        terms: 'u32',
        aColumns: 'u32',
        bRows: 'u32',
        bColumns: 'u32',
      },
      constants: { BAND, BY_A: byA },
      body: gradientBody,
    },
    'uniforms.elements * uniforms.bands',
  );
const BY_A = gradientKernel(true);
const BY_B = gradientKernel(false);

/** Σ_k A_k ⊗ B_k: [aRows·bRows, aColumns·bColumns], element by element; fast for few terms. */
export function kroneckerSum(a: tf.Tensor2D, b: tf.Tensor2D, sizes: KroneckerSizes): tf.Tensor2D {
  const { terms, aRows, aColumns, bRows, bColumns } = sizes;
  const shape: [number, number] = [aRows * bRows, aColumns * bColumns];
  const elements = shape[0] * shape[1];
  return SUM.run({
    inputs: { a, b },
    outputs: { y: shape },
    uniforms: { elements, terms, aColumns, bRows, bColumns },
    workgroups: workgroupsOf(elements),
  }).y;
}

/**
 * Gradient with respect to one of the factors, of its shape.
 * @param change gradient with respect to the sum; @param other the other factor
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
  const { y: parts } = (by === 'a' ? BY_A : BY_B).run({
    inputs: { change, other },
    outputs: { y: bands === 1 ? shape : ([bands, elements] as const) },
    uniforms: { elements, summed, bands, terms, aColumns, bRows, bColumns },
    workgroups: workgroupsOf(elements * bands),
  });
  if (bands === 1) return parts;
  const sums = columnSums(parts, 'sums');
  const gradient = sums.reshape<tf.Tensor2D>(shape);
  parts.dispose();
  sums.dispose();
  return gradient;
}

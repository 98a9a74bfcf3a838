import type * as tf from '@tensorflow/tfjs';
import { type Kernel, runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import source from './strided-sums.wgsl?raw';

/** What is added up: elements s·stride, s·stride + step, and so on of sum s, as many as there are terms. */
export interface StridedSums {
  readonly sums: number;
  readonly terms: number;
  readonly stride: number;
  readonly step: number;
}

/** Terms that one invocation adds up: long sums are made in bands, so that a few of them still fill a GPU. */
const BAND = 256;

const kernel = (paired: boolean): Kernel =>
  elementKernel(
    { name: 'strided-sums', source, constants: { PAIRED: paired, BAND } },
    'uniforms.sums * uniforms.bands',
  );
const PLAIN = kernel(false);
const PAIRED = kernel(true);

/** Σ aᵢ·bᵢ over the elements of each sum: [sums]. @param b laid out as `a` */
export function stridedSumsOfProducts(a: tf.Tensor, b: tf.Tensor, layout: StridedSums): tf.Tensor1D {
  let bands = sumsOfBands(PAIRED, [a, b], layout);
  while (bands.size > layout.sums) {
    const terms = bands.size / layout.sums;
    const added = sumsOfBands(PLAIN, [bands, bands], {
      sums: layout.sums,
      terms,
      stride: 1,
      step: layout.sums,
    });
    bands.dispose();
    bands = added;
  }
  return bands;
}

/** [bands · sums], those of a band one after the other. */
function sumsOfBands(
  kernel: Kernel,
  inputs: readonly [tf.Tensor, tf.Tensor],
  { sums, terms, stride, step }: StridedSums,
): tf.Tensor1D {
  const bands = Math.ceil(terms / BAND);
  const [y] = runKernel(kernel, {
    inputs,
    outputs: [{ shape: [sums * bands], dtype: 'float32' }],
    uniforms: [sums, terms, stride, step, bands],
    workgroups: workgroupsOf(sums * bands),
  });
  return y as tf.Tensor1D;
}

import type * as tf from '@tensorflow/tfjs';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './strided-sums.wgsl?raw';

/** Layout of the sums: sum s adds elements s·stride, s·stride + step, and so on, for the number of terms. */
export interface StridedSums {
  readonly sums: number;
  readonly terms: number;
  readonly stride: number;
  readonly step: number;
}

/** Terms summed by one invocation; long sums are split into bands, so that a few of them still fill a GPU. */
const BAND = 256;

const kernel = (paired: boolean) =>
  elementKernel(
    {
      name: 'strided-sums',
      inputs: { a: 'array<f32>', b: 'array<f32>' },
      outputs: { y: 'array<f32>' },
      uniforms: { sums: 'u32', terms: 'u32', stride: 'u32', step: 'u32', bands: 'u32' },
      constants: { PAIRED: paired, BAND },
      body,
    },
    'uniforms.sums * uniforms.bands',
  );
const PLAIN = kernel(false);
const PAIRED = kernel(true);

/** Σ aᵢ·bᵢ over the elements of each sum: [sums]. @param b with the layout of `a` */
export function stridedSumsOfProducts(a: tf.Tensor, b: tf.Tensor, layout: StridedSums): tf.Tensor1D {
  let bands = sumsOfBands(PAIRED, a, b, layout);
  while (bands.size > layout.sums) {
    const terms = bands.size / layout.sums;
    const added = sumsOfBands(PLAIN, bands, bands, {
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

/** [bands · sums], band by band. */
function sumsOfBands(
  kernel: typeof PLAIN,
  a: tf.Tensor,
  b: tf.Tensor,
  { sums, terms, stride, step }: StridedSums,
): tf.Tensor1D {
  const bands = Math.ceil(terms / BAND);
  return kernel.run({
    inputs: { a, b },
    outputs: { y: [sums * bands] },
    uniforms: { sums, terms, stride, step, bands },
    workgroups: workgroupsOf(sums * bands),
  }).y;
}

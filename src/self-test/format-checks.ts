import * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../engines/webgpu/transfer';
import type { LinearWeight, WeightFormat } from '../weights/linear-weight';
import { product } from './definitions';
import type { KernelCheck } from './kernel-check';
import { sampleValues } from './kernel-checks';

const SHAPE: readonly [number, number] = [48, 64];
/** One token and many tokens have different product kernels. */
const TOKEN_COUNTS = [1, 24];
const LOOKED_UP = Int32Array.of(0, 7, 47, 16);
const ROUNDING = 1e-5;

/** Compares products and looked-up rows of a format's samples with those of the dense matrix. */
export function formatChecks({ samples, productTolerance = ROUNDING }: WeightFormat): KernelCheck[] {
  return Object.entries(samples).flatMap(([name, make]) => {
    const withWeight = async (compute: (weight: LinearWeight) => tf.Tensor, reference: Reference) => {
      const weight = await make(sampleValues(SHAPE[0] * SHAPE[1], 20), SHAPE);
      try {
        const expected = reference(await weight.dense());
        return { result: compute(weight), expected };
      } finally {
        weight.dispose();
      }
    };
    const products = TOKEN_COUNTS.map((tokens) => ({
      name: `product by ${name}, ${tokens === 1 ? 'one token' : 'many tokens'}`,
      tolerance: productTolerance,
      run: () => {
        const x = sampleValues(tokens * SHAPE[1], 21);
        return withWeight(
          (weight) => tf.tidy(() => weight.matmul(uploadTensor(x, [tokens, SHAPE[1]]))),
          (dense) => product(x, dense, SHAPE[1]),
        );
      },
    }));
    const rows = {
      name: `rows of ${name}`,
      tolerance: ROUNDING,
      run: () =>
        withWeight(
          (weight) => tf.tidy(() => weight.rows(uploadTensor(LOOKED_UP, [LOOKED_UP.length]))),
          (dense) =>
            Array.from(LOOKED_UP).flatMap((row) =>
              Array.from(dense.subarray(row * SHAPE[1], (row + 1) * SHAPE[1])),
            ),
        ),
    };
    return [...products, rows];
  });
}

type Reference = (dense: Float32Array) => ArrayLike<number>;

import type * as tf from '@tensorflow/tfjs';
import { type KernelOutput, runKernel } from '../gpu/run-kernel';
import matmulSource from './dense-matmul.wgsl?raw';
import matvecSource from './dense-matvec.wgsl?raw';
import { laneWidth, withLanes } from './lanes';

/** Up to so many tokens a row of the matrix is read once a token; beyond, tiles pay. */
export const FEW_TOKENS = 4;

/** Where in the result the product goes: for a matrix that is stored in blocks of rows. */
export interface ColumnRange {
  readonly output: tf.Tensor2D;
  readonly offset: number;
}

/**
 * x · Wᵀ with W [out, in] row-major: [tokens, in] → [tokens, out].
 * @param into writes columns of this tensor instead of making a new one
 */
export function denseMatmul(
  x: tf.Tensor2D,
  weight: tf.Tensor,
  outputs: number,
  into?: ColumnRange,
): tf.Tensor2D {
  const [tokens, width] = x.shape;
  const few = tokens <= FEW_TOKENS;
  const destination: KernelOutput = into?.output ?? { shape: [tokens, outputs], dtype: 'float32' };
  const [y] = runKernel(
    few
      ? { name: 'dense-matvec', source: withLanes(matvecSource, width) }
      : { name: 'dense-matmul', source: withLanes(matmulSource, width) },
    {
      inputs: [x, weight],
      outputs: [destination],
      uniforms: [
        tokens,
        width / laneWidth(width),
        outputs,
        into?.offset ?? 0,
        into?.output.shape[1] ?? outputs,
      ],
      workgroups: few ? [Math.ceil(outputs / 64), tokens] : [Math.ceil(outputs / 64), Math.ceil(tokens / 16)],
    },
  );
  return y as tf.Tensor2D;
}

import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import type { Buffers, Kernel } from '../../define-kernel';
import { type BoundBuffer, tensorsOf } from '../wgsl/bound-buffers';
import { type Epilogue, epilogueTensors } from '../wgsl/epilogue';

/**
 * Uniforms of the product kernels. `columnOffset` and `stride` place the product in a wider result, for a matrix that is
 * stored in blocks of rows.
 */
export const PRODUCT_UNIFORMS = {
  tokens: 'u32',
  /** Columns of x and of the matrix. */
  width: 'u32',
  outputs: 'u32',
  columnOffset: 'u32',
  /** Columns of y. */
  stride: 'u32',
} as const;

/** Kernel of x · Wᵀ that reads `x`, the buffers of the matrix and those of the epilogue, and writes `y`. */
export type ProductKernel = Kernel<Buffers, { y: 'array<f32>' }, typeof PRODUCT_UNIFORMS>;

/** Product kernel, and the workgroups that cover its result. */
export interface ProductLaunch {
  readonly kernel: ProductKernel;
  readonly workgroups: readonly [number, number];
}

/** Columns of the result that the product fills, for a matrix that is stored in blocks of rows. */
export interface ColumnRange {
  readonly output: tf.Tensor2D;
  readonly offset: number;
}

/**
 * Runs a product kernel: [tokens, in] → [tokens, outputs].
 * @param matrix all buffers besides `x` and the epilogue's
 * @param into tensor whose columns are written instead of a new one
 */
export function runProduct(
  { kernel, workgroups }: ProductLaunch,
  x: tf.Tensor2D,
  matrix: readonly BoundBuffer[],
  outputs: number,
  epilogue: Epilogue,
  into?: ColumnRange,
): tf.Tensor2D {
  const [tokens, width] = x.shape;
  const columnOffset = into?.offset ?? 0;
  const stride = into?.output.shape[1] ?? outputs;
  return kernel.run({
    inputs: { x, ...tensorsOf(matrix), ...epilogueTensors(epilogue) },
    outputs: { y: into?.output ?? ([tokens, outputs] as const) },
    uniforms: { tokens, width, outputs, columnOffset, stride },
    workgroups,
  }).y;
}

/** Whether a kernel can bind x, these buffers, the epilogue's and the result on this device. */
export function fitsBindings(inputs: readonly BoundBuffer[], { bias, residual }: Epilogue): boolean {
  const { maxStorageBuffersPerShaderStage } = currentGpu().device.limits;
  const buffers = 1 + inputs.length + Number(bias !== undefined) + Number(residual !== undefined) + 1;
  return buffers <= maxStorageBuffersPerShaderStage;
}

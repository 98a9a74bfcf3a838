import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import source from './fake-quantize.wgsl?raw';
import { kernelMemo } from '../wgsl/kernel-memo';
import scalesSource from './quantization-scales.wgsl?raw';
import rangesSource from './value-ranges.wgsl?raw';

/** How values become codes. */
export interface CodeRange {
  readonly symmetric: boolean;
  readonly least: number;
  readonly greatest: number;
  /** Codes that the range of the values, twice the greatest magnitude where symmetric, is spread over. */
  readonly span: number;
}

/** Which blocks are quantized; the rest passes as it is. */
export interface QuantizationNoise {
  /** Of blocks that are quantized, 0 to 1. */
  readonly share: number;
  /** Columns of a block, within a row. */
  readonly blockColumns: number;
  /** Of the draw, with the step: the same two draw the same blocks. */
  readonly seed: number;
  readonly step: number;
}

/** Values that one invocation looks through for their range. */
const BAND = 256;

const RANGES = elementKernel(
  { name: 'value-ranges', source: rangesSource, constants: { BAND } },
  'uniforms.runs * uniforms.bands',
);
const remember = kernelMemo();

/**
 * What values become when they are stored as codes: scale · (code − zero point), the grid chosen anew of the values. Computed in
 * float32: a value halfway between two codes may become either.
 * @param x [rows, columns]
 * @param runLength values, one after the other, that share a scale
 */
export function fakeQuantize(
  x: tf.Tensor2D,
  runLength: number,
  codes: CodeRange,
  noise?: QuantizationNoise,
): tf.Tensor2D {
  const grids = gridsOf(x, runLength, codes);
  const isNoisy = noise !== undefined && noise.share < 1;
  const kernel = remember(`values ${codes.least} ${codes.greatest} ${isNoisy}`, () =>
    elementKernel({
      name: 'fake-quantize',
      source,
      constants: { LEAST_CODE: codes.least, GREATEST_CODE: codes.greatest, NOISY: isNoisy },
    }),
  );
  const columns = x.shape[1];
  const drawn = isNoisy
    ? [noise.blockColumns, noise.seed, noise.step, Math.floor(noise.share * 2 ** 32)]
    : [columns, 0, 0, 0];
  const [y] = runKernel(kernel, {
    inputs: [x, grids],
    outputs: [{ shape: x.shape, dtype: 'float32' }],
    uniforms: [x.size, runLength, columns, ...drawn],
    workgroups: workgroupsOf(x.size),
  });
  grids.dispose();
  return y as tf.Tensor2D;
}

/** [runs, 2]: scale and zero point of each. */
function gridsOf(x: tf.Tensor2D, runLength: number, { symmetric, span }: CodeRange): tf.Tensor {
  const runs = x.size / runLength;
  const bands = Math.ceil(runLength / BAND);
  const [ranges] = runKernel(RANGES, {
    inputs: [x],
    outputs: [{ shape: [runs * bands, 2], dtype: 'float32' }],
    uniforms: [runs, runLength, bands],
    workgroups: workgroupsOf(runs * bands),
  });
  const kernel = remember(`scales ${symmetric} ${span}`, () =>
    elementKernel(
      {
        name: 'quantization-scales',
        source: scalesSource,
        constants: { SYMMETRIC: symmetric, CODE_SPAN: span },
      },
      'uniforms.runs',
    ),
  );
  const [grids] = runKernel(kernel, {
    inputs: [ranges],
    outputs: [{ shape: [runs, 2], dtype: 'float32' }],
    uniforms: [runs, bands],
    workgroups: workgroupsOf(runs),
  });
  ranges.dispose();
  return grids;
}

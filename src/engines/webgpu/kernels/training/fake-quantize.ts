import type * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import valuesBody from './fake-quantize.wgsl?raw';
import scalesBody from './quantization-scales.wgsl?raw';
import rangesBody from './value-ranges.wgsl?raw';

/** Conversion of values to codes. */
export interface CodeRange {
  readonly symmetric: boolean;
  readonly least: number;
  readonly greatest: number;
  /** Number of codes that span the range of the values, or twice the greatest magnitude if symmetric. */
  readonly span: number;
}

/** Selection of quantized blocks; the others are unchanged. */
export interface QuantizationNoise {
  /** Share of blocks that are quantized, 0 to 1. */
  readonly share: number;
  /** Columns per block, within a row. */
  readonly blockColumns: number;
  /** Seed of the draw; the same seed and step select the same blocks. */
  readonly seed: number;
  readonly step: number;
}

/** Values per invocation when searching for the range. */
const BAND = 256;

const RANGES = elementKernel(
  {
    name: 'value-ranges',
    inputs: { values: 'array<f32>' },
    outputs: { ranges: 'array<vec2f>' },
    uniforms: { runs: 'u32', span: 'u32', bands: 'u32' },
    constants: { BAND },
    body: rangesBody,
  },
  'uniforms.runs * uniforms.bands',
);

const scalesKernel = kernelFamily(({ symmetric, span }: { symmetric: boolean; span: number }) =>
  elementKernel(
    {
      name: 'quantization-scales',
      inputs: { ranges: 'array<vec2f>' },
      outputs: { grids: 'array<vec2f>' },
      uniforms: { runs: 'u32', bands: 'u32' },
      constants: { SYMMETRIC: symmetric, CODE_SPAN: span },
      body: scalesBody,
    },
    'uniforms.runs',
  ),
);

const valuesKernel = kernelFamily(
  ({ least, greatest, isNoisy }: { least: number; greatest: number; isNoisy: boolean }) =>
    elementKernel({
      name: 'fake-quantize',
      inputs: { values: 'array<f32>', grids: 'array<vec2f>' },
      outputs: { y: 'array<f32>' },
      uniforms: {
        elements: 'u32',
        span: 'u32',
        columns: 'u32',
        blockColumns: 'u32',
        seed: 'u32',
        step: 'u32',
        /** Blocks are quantized if their 32 random bits are below it. */
        threshold: 'u32',
      },
      constants: { LEAST_CODE: least, GREATEST_CODE: greatest, NOISY: isNoisy },
      body: valuesBody,
    }),
);

/**
 * Quantizes and dequantizes values: scale · (code − zero point), with the grid computed from the values. Computed in float32:
 * a value halfway between two codes may become either.
 * @param x [rows, columns]
 * @param runLength consecutive values that share a scale
 */
export function fakeQuantize(
  x: tf.Tensor2D,
  runLength: number,
  codes: CodeRange,
  noise?: QuantizationNoise,
): tf.Tensor2D {
  const grids = gridsOf(x, runLength, codes);
  const isNoisy = noise !== undefined && noise.share < 1;
  const columns = x.shape[1];
  const drawn = isNoisy
    ? {
        blockColumns: noise.blockColumns,
        seed: noise.seed,
        step: noise.step,
        threshold: Math.floor(noise.share * 2 ** 32),
      }
    : { blockColumns: columns, seed: 0, step: 0, threshold: 0 };
  const { least, greatest } = codes;
  const { y } = valuesKernel({ least, greatest, isNoisy }).run({
    inputs: { values: x, grids },
    outputs: { y: x.shape },
    uniforms: { elements: x.size, span: runLength, columns, ...drawn },
    workgroups: workgroupsOf(x.size),
  });
  grids.dispose();
  return y;
}

/** Scale and zero point of each group: [groups, 2]. */
function gridsOf(x: tf.Tensor2D, runLength: number, { symmetric, span }: CodeRange): tf.Tensor {
  const runs = x.size / runLength;
  const bands = Math.ceil(runLength / BAND);
  const { ranges } = RANGES.run({
    inputs: { values: x },
    outputs: { ranges: [runs * bands, 2] },
    uniforms: { runs, span: runLength, bands },
    workgroups: workgroupsOf(runs * bands),
  });
  const { grids } = scalesKernel({ symmetric, span }).run({
    inputs: { ranges },
    outputs: { grids: [runs, 2] },
    uniforms: { runs, bands },
    workgroups: workgroupsOf(runs),
  });
  ranges.dispose();
  return grids;
}

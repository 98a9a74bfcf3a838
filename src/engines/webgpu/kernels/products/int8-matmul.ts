import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { kernelFamily } from '../../kernel-family';
import { FEW_TOKENS } from './dense-matmul';
import { type Epilogue, type EpilogueConfig, epilogueConfig, epilogueTensors } from '../wgsl/epilogue';
import { type Int8Cut, int8ProductKernel } from './int8-product';
import { kernelProfile } from '../wgsl/kernel-profile';
import type { QuantizedTokens } from './quantize-tokens';

/** Matrix of 8-bit codes with one scale per row. */
export interface Int8Matrix {
  readonly shape: readonly [rows: number, width: number];
  /** Words of four codes, two's complement, the first in the lowest bits: [rows · ceil(width / 4)]; zeros past the width. */
  readonly codes: tf.Tensor;
  /** [rows] */
  readonly scales: tf.Tensor;
}

/** Tile of one invocation for many tokens, with as many invocations per workgroup as a GPU runs at once. */
const TILE = { rows: 4, tokens: 8, lanes: 1, groups: 32, bySubgroup: false } as const;
/** Single lanes share a workgroup, since adapters run at least four at once. */
const GROUPS_OF_SINGLE_LANES = 4;

const kernelOf = kernelFamily(({ hasBias, activation, hasResidual, ...cut }: Int8Cut & EpilogueConfig) =>
  int8ProductKernel(cut, { hasBias, activation, hasResidual }),
);

/**
 * Whether a product with this many tokens is faster in integers, on devices that multiply four codes at once. Software
 * adapters emulate that instruction, and for many tokens their float product of the same codes takes half the time.
 */
export function prefersIntegers(tokens: number): boolean {
  if (!currentGpu().description.languageFeatures.includes('packed_4x8_integer_dot_product')) return false;
  return tokens <= FEW_TOKENS || kernelProfile().name === 'hardware';
}

/**
 * activation(x · Wᵀ + bias) + residual by integer products: the sum of code · code, exact in int32 for widths up to 133,000,
 * times the scales of token and row. [tokens, in] → [tokens, out]. Requires the language feature
 * `packed_4x8_integer_dot_product`.
 */
export function int8Matmul(x: QuantizedTokens, matrix: Int8Matrix, epilogue: Epilogue = {}): tf.Tensor2D {
  const [outputs] = matrix.shape;
  const [tokens, words] = x.codes.shape;
  const cut = cutFor(tokens, words);
  return kernelOf({ ...cut, ...epilogueConfig(epilogue) }).run({
    inputs: {
      x: x.codes,
      tokenScales: x.scales,
      w: matrix.codes,
      rowScales: matrix.scales,
      ...epilogueTensors(epilogue),
    },
    outputs: { y: [tokens, outputs] },
    uniforms: { tokens, outputs, reads: words / cut.words },
    workgroups: [Math.ceil(outputs / (cut.rows * cut.groups)), Math.ceil(tokens / cut.tokens)],
  }).y;
}

function cutFor(tokens: number, wordsInARow: number): Int8Cut {
  const words = wordsInARow % 4 === 0 ? 4 : 1;
  if (tokens > FEW_TOKENS) return { ...TILE, words };
  const { lanesPerRow: lanes, rowsPerLane: rows, subgroupLanes } = kernelProfile();
  return {
    rows,
    tokens: 1,
    lanes,
    bySubgroup: lanes > 1 && subgroupLanes === lanes,
    groups: lanes === 1 ? GROUPS_OF_SINGLE_LANES : 1,
    words,
  };
}

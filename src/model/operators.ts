import * as tf from '@tensorflow/tfjs';
import { appendToCache } from '../engines/webgpu/kernels/attention/append-to-cache';
import { attention } from '../engines/webgpu/kernels/attention/attention';
import { applyEpilogue } from '../engines/webgpu/kernels/products/bias-activation';
import { blockwiseAttention } from '../engines/webgpu/kernels/attention/blockwise-attention';
import { blockwiseCodes } from '../engines/webgpu/kernels/layers/blockwise-codes';
import { cachedAttention } from '../engines/webgpu/kernels/attention/cached-attention';
import { embeddingSum } from '../engines/webgpu/kernels/layers/embedding-sum';
import type { Epilogue } from '../engines/webgpu/kernels/wgsl/epilogue';
import { layerNorm } from '../engines/webgpu/kernels/layers/layer-norm';
import type { LinearWeight } from '../weights/linear-weight';
import type { ModelStructure } from './structure';

/** Operations of a model's blocks; forward passes are written once for every arithmetic. */
export interface Operators {
  readonly embeddingSum: typeof embeddingSum;
  readonly layerNorm: typeof layerNorm;
  readonly attention: typeof attention;
  readonly cachedAttention: typeof cachedAttention;
  /** activation(x Wᵀ + bias) + residual. */
  multiply(weight: LinearWeight, x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D;
}

const FLOAT_OPERATORS: Operators = {
  embeddingSum,
  layerNorm,
  attention,
  cachedAttention,
  multiply: (weight, x, epilogue) => weight.matmul(x, epilogue),
};

/** Operators for a structure's arithmetic. */
export function operatorsFor({ blockwiseInt8 }: ModelStructure): Operators {
  return blockwiseInt8 === undefined ? FLOAT_OPERATORS : blockwiseOperators(blockwiseInt8);
}

/**
 * Operators that round every intermediate result to 8-bit codes with a power-of-two scale per block (Dong et al. 2023, BCT).
 * Products of such codes and their sums within a block are integer multiples of a power of two that float32 holds exactly, so
 * computing them in float32 equals integer arithmetic; a function of one code (GELU) equals a table of 256 entries.
 * @param blockSize neighbours along the width, or keys, that share a scale
 */
function blockwiseOperators(blockSize: number): Operators {
  const rounded = (compute: () => tf.Tensor2D) => tf.tidy(() => blockwiseCodes(compute(), blockSize));
  const attend: typeof attention = (queries, keys, values, keyCounts, shape) =>
    rounded(() => blockwiseAttention(queries, keys, values, keyCounts, shape, blockSize));
  return {
    embeddingSum: (...args) => rounded(() => embeddingSum(...args)),
    layerNorm: (...args) => rounded(() => layerNorm(...args)),
    attention: attend,
    cachedAttention: (qkv, layer, lengths, heads) => {
      appendToCache(qkv, layer, lengths);
      const width = layer.keys.shape[1];
      return attend(
        { tensor: qkv, stride: 3 * width, offset: 0 },
        { tensor: layer.keys, stride: width, offset: 0 },
        { tensor: layer.values, stride: width, offset: 0 },
        lengths,
        {
          batch: 1,
          heads,
          headWidth: width / heads,
          queryCount: 1,
          keyRows: layer.keys.shape[0],
          past: 0,
          causal: false,
        },
      );
    },
    multiply: (weight, x, { bias, activation, residual } = {}) =>
      tf.tidy(() => {
        let y = rounded(() => weight.matmul(x, { bias }));
        if (activation && activation !== 'none') y = rounded(() => applyEpilogue(() => y, { activation }));
        return residual ? rounded(() => applyEpilogue(() => y, { residual })) : y;
      }),
  };
}

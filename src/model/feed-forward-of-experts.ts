import type * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../engines/webgpu/transfer';
import type { Activation } from '../engines/webgpu/kernels/wgsl/activation';
import { applyEpilogue } from '../engines/webgpu/kernels/products/bias-activation';
import { FEW_TOKENS } from '../engines/webgpu/kernels/products/dense-matmul';
import { denseRows } from '../engines/webgpu/kernels/products/dense-rows';
import { expertColumnsProduct, expertRowsProduct } from '../engines/webgpu/kernels/products/expert-rows';
import {
  expertColumnTiles,
  expertRowTiles,
  groupByExpert,
} from '../engines/webgpu/kernels/products/expert-tiles';
import { lookUpIds } from '../engines/webgpu/kernels/layers/look-up-ids';
import { ownExpertColumns } from '../engines/webgpu/kernels/layers/own-expert';
import type { ModelWeights } from './family';
import { expertsOf, expertSize, type Mixture } from './structure';

/** Token ids of the rows of a block: an array, or, for a token drawn on the GPU, a tensor [tokens] int32. */
export type TokenIds = Int32Array | tf.Tensor1D;

/** Feed-forward layer whose neurons belong to experts. */
export interface ExpertLayer {
  readonly mixture: Mixture;
  /** Modules of the up projection, [experts · size, width], and the down projection, [width, experts · size]. */
  readonly up: string;
  readonly down: string;
  /** Expert of each token, [vocabulary] int32. */
  readonly routing: tf.Tensor1D;
  readonly ids: TokenIds;
}

/**
 * activation(x Wₑᵀ + bₑ) Vₑᵀ + c + residual, where e is the expert of each row's token: [tokens, width] → the same shape. If
 * both matrices are dense, only a row's expert is computed; otherwise all are, and the results of others set to zero.
 */
export function feedForwardOfExperts(
  weights: ModelWeights,
  layer: ExpertLayer,
  x: tf.Tensor2D,
  residual: tf.Tensor2D,
): tf.Tensor2D {
  const { activation } = weights.config;
  const [up, down] = [weights.denseValues(layer.up), weights.denseValues(layer.down)];
  const biases = { up: weights.vector(`${layer.up}.bias`), down: weights.vector(`${layer.down}.bias`) };
  if (!up || !down) return maskedProducts(weights, layer, x, residual);
  const dense = { up, down, biases, activation };
  const { ids, mixture } = layer;
  return ids instanceof Int32Array && ids.length > FEW_TOKENS * mixture.experts
    ? groupedProducts(dense, mixture, ids, x, residual)
    : productsOfFew(dense, layer, x, residual);
}

interface DenseExperts {
  readonly up: tf.Tensor2D;
  readonly down: tf.Tensor2D;
  readonly biases: { readonly up: tf.Tensor; readonly down: tf.Tensor };
  readonly activation: Activation;
}

function productsOfFew(
  { up, down, biases, activation }: DenseExperts,
  { mixture, routing, ids }: ExpertLayer,
  x: tf.Tensor2D,
  residual: tf.Tensor2D,
): tf.Tensor2D {
  const tokens = { ids: ids instanceof Int32Array ? uploadInts(ids) : ids, experts: routing };
  const hidden = expertRowsProduct(x, up, biases.up, tokens, expertSize(mixture), activation);
  return expertColumnsProduct(hidden, down, tokens, { bias: biases.down, residual });
}

function groupedProducts(
  { up, down, biases, activation }: DenseExperts,
  mixture: Mixture,
  ids: Int32Array,
  x: tf.Tensor2D,
  residual: tf.Tensor2D,
): tf.Tensor2D {
  const groups = groupByExpert(expertsOf(mixture, ids), mixture.experts);
  const expertOfTile = uploadInts(groups.expertOfTile);
  const sorted = rowsOf(x, groups.rows);
  const hidden = expertRowTiles(sorted, up, expertOfTile, expertSize(mixture), {
    bias: biases.up,
    activation,
  });
  const output = expertColumnTiles(hidden, down, expertOfTile, biases.down);
  return applyEpilogue(() => rowsOf(output, groups.places), { residual });
}

function maskedProducts(
  weights: ModelWeights,
  { mixture, up, down, routing, ids }: ExpertLayer,
  x: tf.Tensor2D,
  residual: tf.Tensor2D,
): tf.Tensor2D {
  const { operators, config } = weights;
  const biasOf = (module: string) => weights.vector(`${module}.bias`);
  const experts = ids instanceof Int32Array ? uploadInts(expertsOf(mixture, ids)) : lookUpIds(ids, routing);
  const hidden = operators.multiply(weights.linear(up), x, {
    bias: biasOf(up),
    activation: config.activation,
  });
  const masked = ownExpertColumns(hidden, experts, expertSize(mixture));
  return operators.multiply(weights.linear(down), masked, { bias: biasOf(down), residual });
}

function rowsOf(x: tf.Tensor2D, rows: Int32Array): tf.Tensor2D {
  const [count, width] = x.shape;
  return denseRows(uploadInts(rows), [{ values: x, firstRow: 0, rows: count }], width);
}

function uploadInts(values: Int32Array): tf.Tensor1D {
  return uploadTensor(values, [values.length]);
}

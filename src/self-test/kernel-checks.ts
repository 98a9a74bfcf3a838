import * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../engines/webgpu/transfer';
import { adamwStep } from '../engines/webgpu/kernels/training/adamw';
import { attention } from '../engines/webgpu/kernels/attention/attention';
import { biasActivation } from '../engines/webgpu/kernels/products/bias-activation';
import { cachedAttention } from '../engines/webgpu/kernels/attention/cached-attention';
import { crossEntropyLosses } from '../engines/webgpu/kernels/losses/cross-entropy';
import { layerNorm } from '../engines/webgpu/kernels/layers/layer-norm';
import { transposedProduct } from '../engines/webgpu/kernels/products/transposed-product';
import { seededUniform } from '../linalg/seeded-random';
import { causalAttention, gelu, geluNew, layerNormOf, product, softmax } from './definitions';
import type { KernelCheck } from './kernel-check';

/** Relative rounding error of float32 sums with some hundred terms. */
const ROUNDING = 1e-5;
const [TOKENS, WIDTH, HEADS] = [24, 64, 4];
const HEAD_WIDTH = WIDTH / HEADS;

/** Reproducible values of variance 1. */
export function sampleValues(count: number, seed: number): Float32Array {
  const random = seededUniform(seed);
  return Float32Array.from({ length: count }, () => Math.sqrt(12) * (random() - 0.5));
}

/** Checks of the forward pass, except products by weights, and of training. */
export const KERNEL_CHECKS: readonly KernelCheck[] = [
  {
    name: 'layer norm',
    tolerance: ROUNDING,
    async run() {
      const [x, scale, shift] = [
        sampleValues(TOKENS * WIDTH, 1),
        sampleValues(WIDTH, 2),
        sampleValues(WIDTH, 3),
      ];
      const options = { width: WIDTH, epsilon: 1e-5 };
      const result = tf.tidy(() =>
        layerNorm(matrix(x, TOKENS), vector(scale), vector(shift), options.epsilon),
      );
      return { result, expected: layerNormOf(x, scale, shift, options) };
    },
  },
  activationCheck('GELU', 'gelu', gelu),
  activationCheck("GELU's tanh approximation", 'gelu_new', geluNew),
  {
    name: 'attention of many tokens (softmax)',
    tolerance: ROUNDING,
    async run() {
      const qkv = sampleValues(TOKENS * 3 * WIDTH, 5);
      const result = tf.tidy(() => {
        const tensor = matrix(qkv, TOKENS);
        const role = (index: number) => ({ tensor, stride: 3 * WIDTH, offset: index * WIDTH });
        const counts = uploadTensor(Int32Array.of(TOKENS), [1]);
        const shape = { batch: 1, heads: HEADS, headWidth: HEAD_WIDTH, queryCount: TOKENS, keyRows: TOKENS };
        return attention(role(0), role(1), role(2), counts, { ...shape, past: 0, causal: true });
      });
      return { result, expected: attentionOfHeads(qkv, TOKENS) };
    },
  },
  {
    name: 'attention of one token (cache)',
    tolerance: ROUNDING,
    async run() {
      const qkv = sampleValues(TOKENS * 3 * WIDTH, 6);
      const result = tf.tidy(() => {
        const cache = (role: number) => matrix(Float32Array.from(roleOf(qkv, role)), TOKENS);
        const newest = matrix(qkv.slice(-3 * WIDTH), 1);
        const lengths = uploadTensor(Int32Array.of(TOKENS), [1]);
        return cachedAttention(newest, { keys: cache(1), values: cache(2) }, lengths, HEADS);
      });
      return { result, expected: attentionOfHeads(qkv, 1) };
    },
  },
  {
    name: 'cross-entropy',
    tolerance: ROUNDING,
    async run() {
      const logits = sampleValues(TOKENS * WIDTH, 7);
      const targets = Int32Array.from({ length: TOKENS }, (_, token) => (token * 5) % WIDTH);
      const result = tf.tidy(
        () => crossEntropyLosses(matrix(logits, TOKENS), uploadTensor(targets, [TOKENS])).losses,
      );
      const expected = Array.from(targets, (target, token) => {
        const row = Array.from(logits.subarray(token * WIDTH, (token + 1) * WIDTH));
        return -Math.log(softmax(row)[target]);
      });
      return { result, expected };
    },
  },
  {
    name: 'gradient by a matrix',
    tolerance: ROUNDING,
    async run() {
      const [left, right] = [sampleValues(TOKENS * 32, 8), sampleValues(TOKENS * WIDTH, 9)];
      const result = tf.tidy(() => transposedProduct(matrix(left, TOKENS), matrix(right, TOKENS)));
      return { result, expected: product(transposed(left, 32), transposed(right, WIDTH), TOKENS) };
    },
  },
  {
    name: 'AdamW',
    tolerance: ROUNDING,
    run: adamw,
  },
];

function activationCheck(
  name: string,
  activation: 'gelu' | 'gelu_new',
  definition: (x: number) => number,
): KernelCheck {
  return {
    name,
    tolerance: ROUNDING,
    async run() {
      const x = sampleValues(TOKENS * WIDTH, 4).map((value) => 2 * value);
      const result = tf.tidy(() => biasActivation(matrix(x, TOKENS), { activation }));
      return { result, expected: Array.from(x, definition) };
    },
  };
}

/** One AdamW step (Loshchilov and Hutter 2019, algorithm 2), the third of a run. */
async function adamw() {
  const [parameter, gradient, first] = [10, 11, 12].map((seed) => sampleValues(WIDTH, seed));
  const second = sampleValues(WIDTH, 13).map((value) => value ** 2);
  const constants = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.05 };
  const { beta1, beta2, epsilon, weightDecay } = constants;
  const [rate, clipped, step] = [0.01, 0.5, 3];
  const corrections = [1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step)];
  const result = tf.tidy(() => {
    const tensors = {
      parameter: vector(parameter),
      gradient: vector(gradient),
      first: vector(first),
      second: vector(second),
      scale: vector(Float32Array.of(clipped)),
      schedule: vector(Float32Array.of(rate, ...corrections)),
    };
    adamwStep(tensors, constants);
    return tensors.parameter;
  });
  const expected = Array.from(parameter, (value, index) => {
    const g = clipped * gradient[index];
    const m = (beta1 * first[index] + (1 - beta1) * g) * corrections[0];
    const v = (beta2 * second[index] + (1 - beta2) * g * g) * corrections[1];
    return value * (1 - rate * weightDecay) - (rate * m) / (Math.sqrt(v) + epsilon);
  });
  return { result, expected };
}

function matrix(values: Float32Array, rows: number): tf.Tensor2D {
  return uploadTensor(values, [rows, values.length / rows]);
}

function vector(values: Float32Array): tf.Tensor1D {
  return uploadTensor(values, [values.length]);
}

/** Transposes: [rows, columns] → [columns, rows]. */
function transposed(values: Float32Array, columns: number): Float32Array {
  const rows = values.length / columns;
  return values.map((_, index) => values[(index % rows) * columns + Math.floor(index / rows)]);
}

/** Queries (0), keys (1) or values (2) of packed rows, of all heads or of one. */
function roleOf(qkv: Float32Array, role: number, head?: number): number[] {
  const [start, end] = head === undefined ? [0, WIDTH] : [head * HEAD_WIDTH, (head + 1) * HEAD_WIDTH];
  const rows = Array.from({ length: qkv.length / (3 * WIDTH) }, (_, token) => (3 * token + role) * WIDTH);
  return rows.flatMap((row) => Array.from(qkv.subarray(row + start, row + end)));
}

/** Attention of the last tokens, heads side by side. */
function attentionOfHeads(qkv: Float32Array, tokens: number): number[] {
  const headOutputs = Array.from({ length: HEADS }, (_, head) => {
    const [queries, keys, values] = [0, 1, 2].map((role) => roleOf(qkv, role, head));
    return causalAttention(queries.slice(-tokens * HEAD_WIDTH), keys, values, HEAD_WIDTH);
  });
  return Array.from({ length: tokens }, (_, token) =>
    headOutputs.flatMap((head) => head.slice(token * HEAD_WIDTH, (token + 1) * HEAD_WIDTH)),
  ).flat();
}

import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CausalModel, requireCausal } from './causal-model';
import { closeGpu, type DeviceOptions } from '../engines/webgpu/device';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats, uploadTensor } from '../engines/webgpu/transfer';
import { applyEpilogue } from '../engines/webgpu/kernels/products/bias-activation';
import { cachedAttention } from '../engines/webgpu/kernels/attention/cached-attention';
import { denseMatmul, denseMatmulOfNormalized } from '../engines/webgpu/kernels/products/dense-matmul';
import { layerNorm } from '../engines/webgpu/kernels/layers/layer-norm';
import { expectAllClose, seededNormal } from '../testing/allclose';
import bertExpected from '../testing/fixtures/tiny-bert/expected.json';
import gpt2Expected from '../testing/fixtures/tiny-gpt2/expected.json';
import { openFolder } from '../testing/folder-checkpoint';
import { quantizeBlockLinears } from '../testing/quantize-model';
import { referenceMatmul } from '../testing/reference-matmul';
import { generate } from './generation/generate';
import { loadModel } from './load-model';

/** Kernel variants for different devices, as far as one adapter can show them. */
const DEVICES: [string, DeviceOptions][] = [
  ['software, subgroups', { kernelsFor: 'software' }],
  ['software, plain', { kernelsFor: 'software', withoutFeatures: ['subgroups'] }],
  ['hardware, subgroups', { kernelsFor: 'hardware' }],
  ['hardware, plain', { kernelsFor: 'hardware', withoutFeatures: ['subgroups'] }],
];

const matrix = (values: Float32Array, shape: [number, number]) => uploadTensor(values, shape);

describe.each(DEVICES)('%s', (_, options) => {
  beforeAll(async () => {
    closeGpu();
    await openNodeGpu(options);
  });
  afterAll(() => closeGpu());

  test.each([
    [1, 36, 65],
    [3, 35, 10],
    [1, 400, 3],
    [7, 36, 70],
    [66, 52, 131],
    [17, 9, 33],
  ])('%i tokens × %i → %i, with bias, activation and residual', async (tokens, inputs, outputs) => {
    const [xValues, weights] = [seededNormal(tokens * inputs, 1), seededNormal(outputs * inputs, 2)];
    const [biasValues, rest] = [seededNormal(outputs, 3), seededNormal(tokens * outputs, 4)];
    const [x, weight] = [matrix(xValues, [tokens, inputs]), matrix(weights, [outputs, inputs])];
    const [bias, residual] = [uploadTensor(biasValues, [outputs]), matrix(rest, [tokens, outputs])];
    const y = denseMatmul(x, weight, outputs, { bias, activation: 'relu', residual });
    const expected = referenceMatmul(xValues, weights, [tokens, inputs, outputs]).map(
      (value, index) => Math.max(0, value + biasValues[index % outputs]) + rest[index],
    );
    expectAllClose(await readFloats(y), expected, { absolute: 2e-6 * Math.sqrt(inputs) });
    tf.dispose([x, weight, bias, residual, y]);
  });

  test('a norm folded into a product equals the norm followed by the product', async () => {
    const [width, outputs, epsilon] = [48, 21, 1e-5];
    // A mean that is large compared with the deviation.
    const x = matrix(
      seededNormal(width, 1).map((value) => value * 3 + 4),
      [1, width],
    );
    const [scale, shift] = [
      uploadTensor(seededNormal(width, 2), [width]),
      uploadTensor(seededNormal(width, 3), [width]),
    ];
    const weight = matrix(seededNormal(outputs * width, 4), [outputs, width]);
    const bias = uploadTensor(seededNormal(outputs, 5), [outputs]);
    const both = tf.stack([scale, shift]) as tf.Tensor2D;
    const products = denseMatmul(both, weight, outputs);
    const y = denseMatmulOfNormalized(x, weight, outputs, { scale, shift, epsilon, products }, { bias });
    const normed = layerNorm(x, scale, shift, epsilon);
    const expected = applyEpilogue(() => denseMatmul(normed, weight, outputs), { bias });
    expectAllClose(await readFloats(y), await readFloats(expected), { absolute: 2e-5 });
    tf.dispose([x, scale, shift, weight, bias, both, products, y, normed, expected]);
  });

  test.each([
    [2, 32],
    [3, 7],
  ])('attention of one token over a cache, %i heads of %i', async (heads, headWidth) => {
    const [width, length, capacity] = [heads * headWidth, 39, 50];
    const [keyValues, valueValues] = [seededNormal(length * width, 1), seededNormal(length * width, 2)];
    const query = seededNormal(width, 3).map((value) => value * 3);
    const last = (length - 1) * width;
    const qkv = Float32Array.from([...query, ...keyValues.slice(last), ...valueValues.slice(last)]);
    // The cache's previous content at the new token's position must not matter.
    const cached = (values: Float32Array) => {
      const all = new Float32Array(capacity * width).fill(9);
      all.set(values.subarray(0, last));
      return matrix(all, [capacity, width]);
    };
    const [keys, values] = [cached(keyValues), cached(valueValues)];
    const lengths = uploadTensor(Int32Array.of(length), [1]);
    const given = matrix(qkv, [1, 3 * width]);
    const y = cachedAttention(given, { keys, values }, lengths, heads);
    const expected = Array.from({ length: width }, (_unused, column) => {
      const first = Math.floor(column / headWidth) * headWidth;
      const scores = Array.from({ length }, (_none, position) => {
        let score = 0;
        for (let d = first; d < first + headWidth; d++) score += query[d] * keyValues[position * width + d];
        return Math.exp(score / Math.sqrt(headWidth));
      });
      const total = scores.reduce((sum, score) => sum + score, 0);
      return (
        scores.reduce((sum, score, position) => sum + score * valueValues[position * width + column], 0) /
        total
      );
    });
    expectAllClose(await readFloats(y), expected, { absolute: 2e-5 });
    expectAllClose((await readFloats(keys)).slice(last, last + width), keyValues.slice(last));
    expectAllClose((await readFloats(values)).slice(last, last + width), valueValues.slice(last));
    tf.dispose([given, keys, values, lengths, y]);
  });

  test('GPT-2 agrees with transformers, token by token, dense and quantized', async () => {
    const model = requireCausal(await loadModel(await openFolder('src/testing/fixtures/tiny-gpt2')));
    for (const { ids, greedy } of gpt2Expected.continuations) {
      expect(await continuation(model, ids, greedy.length)).toEqual(greedy);
    }
    const variant = requireCausal(await quantizeBlockLinears(model, 8));
    const [{ ids }] = gpt2Expected.continuations;
    const cache = variant.createCache();
    const whole = variant.extend(Int32Array.from(ids), cache);
    cache.dispose();
    const best = (await readFloats(whole)).reduce((top, value, id, all) => (value > all[top] ? id : top), 0);
    expect((await continuation(variant, ids, 4))[0]).toBe(best);
    whole.dispose();
    variant.dispose();
    model.dispose();
  });

  test('BERT agrees with transformers', async () => {
    const model = await loadModel(await openFolder('src/testing/fixtures/tiny-bert'));
    for (const { ids, logits } of bertExpected.labelled.examples) {
      const y = model.logits({ ids: Int32Array.from(ids), batch: 1, length: ids.length });
      expectAllClose(await readFloats(y), logits, { absolute: 1e-4 });
      y.dispose();
    }
    model.dispose();
  });
});

async function continuation(
  model: CausalModel,
  ids: readonly number[],
  maxNewTokens: number,
): Promise<number[]> {
  const drawn: number[] = [];
  for await (const id of generate(model, Int32Array.from(ids), { maxNewTokens, temperature: 0 }))
    drawn.push(id);
  return drawn;
}

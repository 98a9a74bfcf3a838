import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeGpu } from '../engines/webgpu/device';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats, uploadTensor } from '../engines/webgpu/transfer';
import { inTokenChunks, tokensAtOnce } from './token-chunks';

beforeEach(() => openNodeGpu({ maxBindingBytes: 4096 }));
afterEach(() => closeGpu());

test.each([
  [{ elements: 100, rows: 1 }, 4000, 10],
  [{ elements: 100, rows: 500_000 }, 4000, 2],
  [{ elements: 5000, rows: 1 }, 4000, 1],
])('%j in %i bytes', (needs, bytes, tokens) => {
  expect(tokensAtOnce(needs, bytes)).toBe(tokens);
});

test('stretches of tokens are put together in order', async () => {
  const values = Float32Array.from({ length: 23 * 3 }, (_, index) => index);
  const x = uploadTensor(values, [23, 3]);
  const seen: number[] = [];
  const y = inTokenChunks(x, 3, { elements: 128, rows: 1 }, undefined, (piece) => {
    seen.push(piece.shape[0]);
    return tf.add(piece, tf.scalar(1));
  });
  expect(seen).toEqual([8, 8, 7]);
  expect(await readFloats(y)).toEqual(values.map((value) => value + 1));
  tf.dispose([x, y]);
});

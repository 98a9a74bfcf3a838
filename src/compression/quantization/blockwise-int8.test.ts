import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { requireCausal } from '../../model/causal-model';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import { blockwiseCodes } from '../../engines/webgpu/kernels/layers/blockwise-codes';
import { Decoding } from '../../model/generation/decoding';
import { loadModel } from '../../model/load-model';
import type { Model } from '../../model/model';
import { expectAllClose } from '../../testing/allclose';
import fixture from '../../testing/fixtures/blockwise-int8.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { blockwiseInt8, powerOfTwoGrid } from './blockwise-int8';

beforeAll(() => openNodeGpu());

/** Where float32 and float64 round to different sides, one code differs, and slightly all that follows. */
const ONE_CODE = { absolute: 0.02, relative: 0.02 };

async function compressed(family: 'gpt2' | 'bert', check: (model: Model) => Promise<void>): Promise<void> {
  const base = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
  const model = await blockwiseInt8.compressModel(base, [], { blockSize: fixture.blockSize }, {});
  base.dispose();
  try {
    await check(model);
  } finally {
    model.dispose();
  }
}

async function logitsOf(model: Model, ids: number[]): Promise<Float32Array> {
  const logits = model.logits({ ids: Int32Array.from(ids), batch: 1, length: ids.length });
  const values = await readFloats(logits);
  logits.dispose();
  return values;
}

test('blocks are rounded as PyTorch rounds them, the last one shorter', async () => {
  const { values, rounded } = fixture.codes;
  const x = uploadTensor(Float32Array.from(values.flat()), [3, 21]);
  const y = blockwiseCodes(x, fixture.blockSize);
  expect(Array.from(await readFloats(y))).toEqual(Array.from(Float32Array.from(rounded.flat())));
  tf.dispose([x, y]);
});

test.each([
  [127, 1],
  [127.0001, 2],
  [64, 1],
  [63.5, 0.5],
  [1e-3, 2 ** -16],
  [0, 1],
])('a block whose greatest magnitude is %d has the scale %d', (greatest, scale) => {
  expect([...powerOfTwoGrid(Float32Array.of(greatest, -greatest / 2), [1, 2], 2).scales]).toEqual([scale]);
});

describe('the whole forward pass is that of the reference in float64', () => {
  test.each(['gpt2', 'bert'] as const)('%s', (family) =>
    compressed(family, async (model) => {
      const { ids, logits } = fixture[family];
      expectAllClose(await logitsOf(model, ids), logits, ONE_CODE);
    }),
  );
});

test('rounding changes the result: the base is further away', async () => {
  const base = await loadModel(await openFolder('src/testing/fixtures/tiny-gpt2'));
  const { ids, logits } = fixture.gpt2;
  const exact = await logitsOf(base, ids);
  base.dispose();
  expect(Math.max(...exact.map((value, index) => Math.abs(value - logits[index])))).toBeGreaterThan(0.05);
});

test('decoding token by token and replayed gives the result of the whole sequence', () =>
  compressed('gpt2', async (model) => {
    const { vocabularySize } = model.config;
    const sequence = fixture.gpt2.ids.slice(0, 4);
    const expected: number[] = [];
    for (let step = 0; step < 5; step++) {
      const logits = await logitsOf(model, sequence);
      const last = [...logits.subarray(-vocabularySize)];
      expected.push(last.indexOf(Math.max(...last)));
      sequence.push(expected[step]);
    }
    const decoding = new Decoding(requireCausal(model), 4, { maxNewTokens: 5, temperature: 0 });
    const drawn: number[] = [];
    decoding.submitPrompt(Int32Array.from(fixture.gpt2.ids.slice(0, 4)));
    drawn.push(await decoding.read());
    while (drawn.length < 5) {
      decoding.submitStep();
      drawn.push(await decoding.read());
    }
    decoding.dispose();
    expect(drawn).toEqual(expected);
  }));

test('a size that does not divide every width is refused', async () => {
  const base = await loadModel(await openFolder('src/testing/fixtures/tiny-gpt2'));
  await expect(blockwiseInt8.compressModel(base, [], { blockSize: 7 }, {})).rejects.toThrow(
    'do not divide the width of transformer.wte, which is 24',
  );
  base.dispose();
});

import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, test } from 'vitest';
import { closeGpu } from '../../engines/webgpu/device';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { record } from '../../engines/webgpu/recording';
import { uploadTensor } from '../../engines/webgpu/transfer';
import { seededNormal } from '../../testing/allclose';
import { describeOnEachProductDevice } from '../../testing/each-device';
import { expectEpilogue, expectProduct, normalFactor } from '../../testing/factorized-weight';
import { KroneckerWeight } from './kronecker-weight';
import type { LinearWeight } from '../linear-weight';
import { LowRankWeight } from './low-rank-weight';
import { QuantizedWeight } from './quantized-weight';
import { TensorTrainWeight } from './tensor-train-weight';

const FORMATS: [string, () => LinearWeight][] = [
  ['low rank', () => new LowRankWeight(normalFactor(24, 6, 1), normalFactor(6, 20, 2))],
  ['Kronecker', () => new KroneckerWeight(normalFactor(4, 10, 1), normalFactor(12, 4, 2), 2)],
  [
    'tensor train',
    () =>
      new TensorTrainWeight(
        [
          { left: 1, row: 2, column: 5, right: 3 },
          { left: 3, row: 3, column: 2, right: 4 },
          { left: 4, row: 4, column: 2, right: 1 },
        ],
        [normalFactor(6, 5, 1), normalFactor(12, 6, 2), normalFactor(4, 8, 3)],
      ),
  ],
];

async function quantized(weight: LinearWeight): Promise<LinearWeight> {
  const scheme = { bits: 8, strategy: 'channel', symmetric: true } as const;
  const factors = await Promise.all(
    weight.factors!.map(async (factor) =>
      QuantizedWeight.fromValues(await factor.weight.dense(), factor.weight.shape, scheme),
    ),
  );
  return weight.withFactors!(factors);
}

describeOnEachProductDevice(() => {
  test.each(FORMATS)('%s: products and epilogues of one token and of many', async (_, make) => {
    const weight = make();
    const dense = await weight.dense();
    for (const tokens of [1, 3, 70]) {
      await expectProduct(weight, dense, tokens);
      await expectEpilogue(weight, dense, tokens);
    }
    weight.dispose();
  });

  test.each(FORMATS)('%s of quantized factors: epilogues', async (_, make) => {
    const plain = make();
    const weight = await quantized(plain);
    plain.dispose();
    const dense = await weight.dense();
    for (const tokens of [1, 9]) await expectEpilogue(weight, dense, tokens);
    weight.dispose();
  });
});

describe('on a device of small bindings', () => {
  afterEach(() => closeGpu());

  test.each(FORMATS)('%s: each stretch of tokens gets its own residual', async (_, make) => {
    await openNodeGpu({ maxBindingBytes: 8192 });
    const weight = make();
    await expectEpilogue(weight, await weight.dense(), 83);
    weight.dispose();
  });
});

test.each(FORMATS)('%s: rows and products can be recorded', async (_, make) => {
  await openNodeGpu();
  const weight = make();
  const x = uploadTensor(seededNormal(weight.shape[1], 1), [1, weight.shape[1]]);
  const ids = uploadTensor(Int32Array.of(3), [1]);
  for (const work of [() => weight.matmul(x), () => weight.rows(ids)]) {
    const { result, recording } = record(work);
    expect(recording.isComplete).toBe(true);
    recording.dispose();
    result.dispose();
  }
  tf.dispose([x, ids]);
  weight.dispose();
});

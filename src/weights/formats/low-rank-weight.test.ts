import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { expectAllClose } from '../../testing/allclose';
import { expectProduct, expectRows, normalFactor, reload } from '../../testing/factorized-weight';
import { LowRankWeight } from './low-rank-weight';
import { QuantizedWeight } from './quantized-weight';

beforeAll(() => openNodeGpu());

/** W[o, i] = Σ_k left[o, k]·right[k, i]. */
async function byDefinition(weight: LowRankWeight): Promise<Float64Array> {
  const [outputs, inputs] = weight.shape;
  const [left, right] = await Promise.all(weight.factors.map((factor) => factor.weight.dense()));
  const rank = left.length / outputs;
  return Float64Array.from({ length: outputs * inputs }, (_, index) => {
    let sum = 0;
    for (let k = 0; k < rank; k++)
      sum += left[Math.floor(index / inputs) * rank + k] * right[k * inputs + (index % inputs)];
    return sum;
  });
}

test.each([
  [7, 1, 5],
  [37, 6, 29],
  [130, 33, 258],
])('%i×%i times %i', async (outputs, rank, inputs) => {
  const weight = new LowRankWeight(normalFactor(outputs, rank, 1), normalFactor(rank, inputs, 2));
  expect(weight.shape).toEqual([outputs, inputs]);
  expect(weight.parameters).toBe(rank * (outputs + inputs));
  expect(weight.storedBytes).toBe(4 * rank * (outputs + inputs));
  const expected = await byDefinition(weight);
  expectAllClose(await weight.dense(), expected, { absolute: 1e-6, relative: 1e-6 });
  for (const tokens of [1, 13]) await expectProduct(weight, expected, tokens);
  await expectRows(weight, expected, [outputs - 1, 0, 3, 3]);
  weight.dispose();
});

test('rows of many ids, with a right factor that is quantized', async () => {
  const right = normalFactor(12, 40, 2);
  const weight = new LowRankWeight(
    normalFactor(50, 12, 1),
    QuantizedWeight.fromValues(await right.dense(), [12, 40], {
      bits: 4,
      strategy: 'group',
      groupSize: 8,
      symmetric: true,
    }),
  );
  right.dispose();
  const ids = Array.from({ length: 700 }, (_, index) => (index * 17) % 50);
  await expectRows(weight, await byDefinition(weight), ids);
  weight.dispose();
});

test('files that do not fit are refused and leave nothing behind', async () => {
  const weight = new LowRankWeight(normalFactor(5, 2, 1), normalFactor(2, 7, 2));
  await expect(reload(weight, undefined, [7, 5])).rejects.toThrow('multiply to 5×7, not to 7×5');
  await expect(reload(weight, () => ({}))).rejects.toThrow('factor left is not described');
  weight.dispose();
});

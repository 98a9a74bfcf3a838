import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { seededUniform } from '../../linalg/seeded-random';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import fixture from '../../testing/fixtures/product-quantization.json';
import { BlockMetrics } from '../../weights/block-metrics';
import { learnCodebook } from '../../weights/learn-codebook';
import { statisticsOf } from '../calibration/calibration';
import { compressionError, compressMatrix } from '../recipe/compress-matrix';
import { productQuantization } from './product-quantization';

beforeAll(() => openNodeGpu());

type Shape = readonly [number, number];

function dataOf(matrix: number): { values: Float32Array; inputs: Float32Array; shape: Shape } {
  const { data } = fixture.cases.find((each) => each.matrix === matrix && 'data' in each)!;
  const { values, inputs, shape } = data!;
  return {
    values: Float32Array.from(values),
    inputs: Float32Array.from(inputs),
    shape: [shape[0], shape[1]],
  };
}

function metricsFor(weighting: string, size: number, inputs: Float32Array, width: number): BlockMetrics {
  const gram = statisticsOf(inputs, width).get('hessian');
  if (weighting === 'none') return BlockMetrics.euclidean(size);
  return weighting === 'shared' ? BlockMetrics.shared(size, gram) : BlockMetrics.ofBlocks(size, gram);
}

describe.each(fixture.cases)('matrix $matrix, weighting $weighting', (reference) => {
  const { matrix, weighting, blockSize, initial, rounds } = reference;
  const { values, inputs, shape } = dataOf(matrix);
  const learn = (iterations: number) =>
    learnCodebook({ values, shape, size: blockSize }, metricsFor(weighting, blockSize, inputs, shape[1]), {
      initial,
      iterations,
      random: seededUniform(0),
    });

  test("every round assigns as PyTorch's", async () => {
    for (const [round, { indices }] of rounds.entries()) {
      expect([...(await learn(round + 1)).indices], `round ${round + 1}`).toEqual(indices);
    }
  });

  test("the codebook is PyTorch's", async () => {
    const { codebook } = await learn(rounds.length);
    expectAllClose(codebook, reference.codebook.flat(), { absolute: 2e-5, relative: 2e-5 });
  });
});

test('empty clusters take halves of the largest', async () => {
  const { values, inputs, shape } = dataOf(0);
  const learn = (initial: number[]) =>
    learnCodebook({ values, shape, size: 4 }, metricsFor('blocks', 4, inputs, shape[1]), {
      initial,
      iterations: 10,
      random: seededUniform(0),
    });
  const { indices } = await learn(new Array<number>(16).fill(7));
  expect(new Set(indices).size).toBe(16);
});

/** ‖X (W − Ŵ)ᵀ‖² */
async function outputError(parameters: object, matrix: number): Promise<number> {
  const { values, inputs, shape } = dataOf(matrix);
  const weight = await compressMatrix('product-quantization', parameters, values, shape, inputs);
  const dense = await weight.dense();
  weight.dispose();
  let error = 0;
  for (let token = 0; token < inputs.length / shape[1]; token++) {
    for (let row = 0; row < shape[0]; row++) {
      let sum = 0;
      for (let k = 0; k < shape[1]; k++)
        sum += inputs[token * shape[1] + k] * (values[row * shape[1] + k] - dense[row * shape[1] + k]);
      error += sum * sum;
    }
  }
  return error;
}

test.each([0, 2])('weighting by activations reduces the output error of matrix %i', async (matrix) => {
  const errors = { none: 0, blocks: 0 };
  for (const weighting of ['none', 'blocks'] as const) {
    for (let seed = 0; seed < 5; seed++)
      errors[weighting] += await outputError({ blockSize: 4, centroids: 32, weighting, seed }, matrix);
  }
  expect(errors.blocks).toBeLessThan(errors.none);
});

test('the stored bytes are those of indices and codebook, which may itself be quantized', async () => {
  const shape = [64, 128] as const;
  const values = seededNormal(shape[0] * shape[1], 3);
  const inputs = seededNormal(20 * shape[1], 4);
  const weight = await compressMatrix('product-quantization', {}, values, shape, inputs);
  const blocks = (64 * 128) / 8;
  expect(weight.format).toBe('product-quantized');
  expect(weight.storedBytes).toBe(blocks + 256 * 8 * 4);
  expect(weight.factors?.map(({ name }) => name)).toEqual(['codebook']);
  weight.dispose();
});

test('a matrix of few blocks has a smaller codebook, and a seed fixes the result', async () => {
  const { values, inputs, shape } = dataOf(0);
  const make = (seed: number) =>
    compressMatrix('product-quantization', { blockSize: 4, seed }, values, shape, inputs);
  const [first, same, other] = [await make(1), await make(1), await make(2)];
  expect(first.factors![0].weight.shape).toEqual([48, 4]);
  expect(await first.dense()).toEqual(await same.dense());
  expect(await first.dense()).not.toEqual(await other.dense());
  for (const weight of [first, same, other]) weight.dispose();
});

test('inputs that are all zero give plain k-means', async () => {
  const { values, shape } = dataOf(0);
  const inputs = new Float32Array(10 * shape[1]);
  const parameters = { blockSize: 4, centroids: 16 };
  const error = await compressionError('product-quantization', parameters, values, shape, inputs);
  const plain = { ...parameters, weighting: 'none' };
  expect(error).toBeCloseTo(await compressionError('product-quantization', plain, values, shape, inputs), 6);
});

test('a block size that does not divide the width is refused with those that do', async () => {
  const { values, inputs, shape } = dataOf(0);
  await expect(
    compressMatrix('product-quantization', { blockSize: 6 }, values, shape, inputs),
  ).rejects.toThrow(
    'Blocks of 6 do not divide the width of h.0.c_fc; h.0.c_fc is 32 wide, which 1, 2, 4, 8, 16, 32 divide.',
  );
});

test('cancelling stops between two rounds', async () => {
  const { values, inputs, shape } = dataOf(0);
  const parameters = productQuantization.schema.parse({ blockSize: 4 });
  const target = { name: 'h.0.c_fc', shape, values } as never;
  await expect(
    productQuantization.compressCalibrated(target, statisticsOf(inputs, shape[1]), parameters, {
      signal: AbortSignal.abort(new Error('cancelled')),
    }),
  ).rejects.toThrow('cancelled');
});

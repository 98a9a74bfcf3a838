import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { record, submitEncoded } from '../../engines/webgpu/recording';
import { currentGpu } from '../../engines/webgpu/device';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats, uploadTensor, writeElements } from '../../engines/webgpu/transfer';
import { contractRowTrains, trainCoreShapes, valuesOfTrain } from '../../linalg/row-tensor-trains';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import { expectEpilogue, expectProduct, expectRows, reload } from '../../testing/factorized-weight';
import { referenceMatmul } from '../../testing/reference-matmul';
import { QuantizedWeight } from './quantized-weight';
import { SparseWeight } from './sparse-weight';
import { TensorTrainRowsWeight } from './tensor-train-rows-weight';

beforeAll(() => openNodeGpu());

/** Rows, width, and for each row the mode sizes and the maximum rank. */
const SHAPES: [rows: number, width: number, sizes: number[], rank: number][] = [
  [5, 7, [2, 2, 2], 2],
  [37, 24, [2, 2, 2, 2, 2], 4],
  [66, 45, [4, 3, 4], 3],
  // More rows than a tile.
  [2100, 1030, [33, 32], 1],
];

function make([rows, width, sizes, rank]: (typeof SHAPES)[number]): {
  weight: TensorTrainRowsWeight;
  trains: Float32Array;
  expected: Float32Array;
} {
  const cores = trainCoreShapes(sizes, rank);
  const trains = seededNormal(rows * valuesOfTrain(cores), 1);
  const expected = contractRowTrains(trains, width, cores);
  return { weight: TensorTrainRowsWeight.fromTrains(trains, width, cores), trains, expected };
}

describe.each(SHAPES)('%i×%i as %j of rank %i', (...shape) => {
  const [rows, width, sizes, rank] = shape;
  const values = valuesOfTrain(trainCoreShapes(sizes, rank));

  test('products and rows', async () => {
    const { weight, expected } = make(shape);
    expect(weight.shape).toEqual([rows, width]);
    expect(weight.parameters).toBe(rows * values);
    expect(weight.storedBytes).toBe(4 * rows * values);
    expectAllClose(await weight.dense(), expected, { absolute: 0, relative: 0 });
    for (const tokens of [1, 5, 33]) await expectProduct(weight, expected, tokens);
    await expectRows(weight, expected, [rows - 1, 0, 3, 3, rows >> 1]);
    weight.dispose();
  });

  test('saved, loaded and cloned', async () => {
    const { weight, expected } = make(shape);
    const loaded = await reload(weight);
    const copy = loaded.clone();
    loaded.dispose();
    weight.dispose();
    expectAllClose(await copy.dense(), expected, { absolute: 0, relative: 0 });
    await expectRows(copy, expected, [1, rows - 1]);
    copy.dispose();
  });

  test('with quantized and with sparse cores', async () => {
    const { weight, trains } = make(shape);
    const scheme = { bits: 8, strategy: 'channel', symmetric: true } as const;
    const sparse = trains.map((value) => (Math.abs(value) < 0.3 ? 0 : value));
    for (const cores of [
      QuantizedWeight.fromValues(trains, [rows, values], scheme),
      SparseWeight.fromDense(sparse, [rows, values]),
    ]) {
      const other = weight.withFactors([cores]);
      const expected = contractRowTrains(await cores.dense(), width, trainCoreShapes(sizes, rank));
      for (const tokens of [1, 5]) await expectProduct(other, expected, tokens);
      await expectRows(other, expected, [rows - 1, 0, 2]);
      other.dispose();
    }
    weight.dispose();
  });
});

test('bias, activation and residual', async () => {
  const { weight, expected } = make(SHAPES[1]);
  await expectEpilogue(weight, expected, 6);
  weight.dispose();
});

test.each(['plain', 'quantized'])(
  'a recorded product of %s cores is replayed with new activations',
  async (kind) => {
    const { weight: plain, trains } = make(SHAPES[1]);
    const [outputs, inputs] = plain.shape;
    const scheme = { bits: 8, strategy: 'channel', symmetric: true } as const;
    const weight =
      kind === 'plain'
        ? plain.clone()
        : plain.withFactors([QuantizedWeight.fromValues(trains, [outputs, trains.length / outputs], scheme)]);
    plain.dispose();
    const x = uploadTensor(seededNormal(inputs, 5), [1, inputs]);
    const { result, recording } = record(() => weight.matmul(x));
    expect(recording.isComplete).toBe(true);
    const { device } = currentGpu();
    const changed = seededNormal(inputs, 6);
    writeElements(x, 0, changed);
    const encoder = device.createCommandEncoder();
    recording.encode(encoder);
    submitEncoded(encoder);
    const expected = referenceMatmul(changed, await weight.dense(), [1, inputs, outputs]);
    expectAllClose(await readFloats(result), expected, { absolute: 2e-4, relative: 2e-5 });
    recording.dispose();
    tf.dispose([x, result]);
    weight.dispose();
  },
);

test('files that do not fit are refused and leave nothing behind', async () => {
  const { weight } = make(SHAPES[2]);
  await expect(reload(weight, ({ factors }) => ({ factors }))).rejects.toThrow('are not described');
  await expect(reload(weight, ({ cores }) => ({ cores }))).rejects.toThrow('factor cores is not described');
  await expect(reload(weight, undefined, [66, 49])).rejects.toThrow(
    'Trains of 48 elements do not make rows of 49',
  );
  await expect(reload(weight, undefined, [65, 45])).rejects.toThrow('multiply to 66×45, not to 65×45');
  const shorten = (cores: unknown) => (cores as unknown[]).slice(1);
  await expect(reload(weight, ({ cores, factors }) => ({ cores: shorten(cores), factors }))).rejects.toThrow(
    'do not continue each other',
  );
  const widen = (cores: unknown) =>
    (cores as { size: number }[]).map((core) => ({ ...core, size: core.size + 1 }));
  await expect(reload(weight, ({ cores, factors }) => ({ cores: widen(cores), factors }))).rejects.toThrow(
    'A train holds',
  );
  weight.dispose();
});

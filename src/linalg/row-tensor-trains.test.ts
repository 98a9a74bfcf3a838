import { describe, expect, test } from 'vitest';
import { expectAllClose, seededNormal } from '../testing/allclose';
import fixture from '../testing/fixtures/tensor-gpt.json';
import { contractRowTrains, tensorTrainsOfRows, trainCoreShapes, valuesOfTrain } from './row-tensor-trains';

describe.each(fixture.cases)('rows of $width as $sizes', ({ width, sizes, values, results }) => {
  test.each(results)("rank $rank as NumPy's", async ({ rank, coreShapes, valuesOfTrain: count, dense }) => {
    const cores = trainCoreShapes(sizes, rank);
    expect(cores.map(({ left, size, right }) => [left, size, right])).toEqual(coreShapes);
    expect(valuesOfTrain(cores)).toBe(count);
    const trains = await tensorTrainsOfRows(Float32Array.from(values), width, cores);
    expect(trains.length).toBe((values.length / width) * count);
    expectAllClose(contractRowTrains(trains, width, cores), dense, { absolute: 2e-6, relative: 0 });
  });
});

test('rank 1 represents a rank-1 tensor exactly, zeros stay zeros, and the greatest rank represents anything', async () => {
  const outer = [1, -2, 3].flatMap((a) => [2, 0.5].flatMap((b) => [1, 4, 0, -1].map((c) => a * b * c)));
  const zeros = Array<number>(24).fill(0);
  const rows = Float32Array.from([...outer, ...zeros]);
  const thin = trainCoreShapes([3, 2, 4], 1);
  expectAllClose(contractRowTrains(await tensorTrainsOfRows(rows, 24, thin), 24, thin), rows, {
    absolute: 1e-6,
  });
  const any = seededNormal(5 * 24, 3);
  const full = trainCoreShapes([3, 2, 4], 4);
  expect(full).toEqual([
    { left: 1, size: 3, right: 3 },
    { left: 3, size: 2, right: 4 },
    { left: 4, size: 4, right: 1 },
  ]);
  expectAllClose(contractRowTrains(await tensorTrainsOfRows(any, 24, full), 24, full), any, {
    absolute: 1e-6,
  });
});

test('can be cancelled, and refuses values that are not finite', async () => {
  const cores = trainCoreShapes([2, 2, 2], 2);
  const signal = AbortSignal.abort();
  const many = seededNormal(200_000 * 8, 1);
  await expect(tensorTrainsOfRows(many, 8, cores, { signal })).rejects.toThrow(/abort/i);
  const wrong = Float32Array.from({ length: 16 }, (_, index) => (index === 9 ? NaN : 1));
  await expect(tensorTrainsOfRows(wrong, 8, cores)).rejects.toThrow('Row 1 holds values');
});

import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readTensorBytes, uploadTensor } from '../../transfer';
import { seededNormal } from '../../../../testing/allclose';
import { nearestCentroids } from './nearest-centroids';

beforeAll(() => openNodeGpu());

/** Squared distances in float64. */
function distance(points: Float32Array, p: number, centroids: Float32Array, c: number, size: number): number {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += (points[p * size + k] - centroids[c * size + k]) ** 2;
  return sum;
}

test.each([
  { groups: 1, count: 1, number: 1, size: 4, shared: true },
  { groups: 3, count: 70, number: 17, size: 8, shared: true },
  { groups: 3, count: 301, number: 64, size: 8, shared: false },
  { groups: 2, count: 9, number: 300, size: 16, shared: false },
  { groups: 2, count: 65, number: 5, size: 44, shared: false },
])('$groups groups of $count points, $number centroids of $size', async (sizes) => {
  const { groups, count, number, size, shared } = sizes;
  const sets = shared ? 1 : groups;
  const points = seededNormal(groups * count * size, 1);
  const centroids = seededNormal(sets * number * size, 2);
  const halfNorms = Float32Array.from({ length: sets * number }, (_, c) => {
    return distance(centroids, c, new Float32Array(size), 0, size) / 2;
  });
  const tensors = [
    uploadTensor(points, [groups, count, size]),
    uploadTensor(centroids, [sets, number, size]),
    uploadTensor(halfNorms, [sets, number]),
  ] as const;
  const nearest = nearestCentroids(...tensors);
  const found = new Int32Array(await readTensorBytes(nearest));
  for (const tensor of [...tensors, nearest]) tensor.dispose();
  expect(found.length).toBe(groups * count);
  found.forEach((index, p) => {
    const first = shared ? 0 : Math.floor(p / count) * number;
    const all = Array.from({ length: number }, (_, c) => distance(points, p, centroids, first + c, size));
    // Equal up to the rounding of float32.
    expect(all[index]).toBeLessThanOrEqual(Math.min(...all) * (1 + 1e-5));
  });
});

test('the first of equal centroids is taken', async () => {
  const tensors = [
    uploadTensor(Float32Array.of(1, 2, 3, 4), [1, 1, 4]),
    uploadTensor(Float32Array.of(0, 0, 0, 0, 1, 2, 3, 4, 1, 2, 3, 4), [1, 3, 4]),
    uploadTensor(Float32Array.of(0, 15, 15), [1, 3]),
  ] as const;
  const nearest = nearestCentroids(...tensors);
  expect([...new Int32Array(await readTensorBytes(nearest))]).toEqual([1]);
  for (const tensor of [...tensors, nearest]) tensor.dispose();
});

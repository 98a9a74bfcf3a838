import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { logSoftmaxOfRow } from '../../../../testing/log-softmax';
import { divergence } from './divergence';

const matrix = (values: Float32Array, shape: [number, number]) => uploadTensor(values, shape);

async function expectDivergence(base: Float32Array, variant: Float32Array, rows: number): Promise<void> {
  const vocabulary = base.length / rows;
  const [a, b] = [matrix(base, [rows, vocabulary]), matrix(variant, [rows, vocabulary])];
  const { kl, sameTop } = divergence(a, b);
  const expectedKl: number[] = [];
  const expectedSameTop: number[] = [];
  for (let row = 0; row < rows; row++) {
    const [p, q] = [logSoftmaxOfRow(base, row, vocabulary), logSoftmaxOfRow(variant, row, vocabulary)];
    expectedKl.push(p.reduce((sum, value, column) => sum + Math.exp(value) * (value - q[column]), 0));
    const top = (values: number[]) => values.indexOf(values.reduce((x, y) => Math.max(x, y)));
    expectedSameTop.push(Number(top(p) === top(q)));
  }
  expectAllClose(await readFloats(kl), expectedKl, { absolute: 1e-5, relative: 1e-4 });
  expect([...(await readFloats(sameTop))]).toEqual(expectedSameTop);
  tf.dispose([a, b, kl, sameTop]);
}

describeOnEachDevice(() => {
  // Rows of whole quads; rows that begin within a quad; rows shorter than a quad.
  test.each([300, 301, 8191, 4, 3, 2])('rows of %i', async (vocabulary) => {
    const base = seededNormal(6 * vocabulary, 8).map((value) => value * 5);
    await expectDivergence(
      base,
      base.map((value, index) => value + Math.sin(index)),
      6,
    );
  });

  test('logits of a variant that are nearly those of the base, yet all greater', async () => {
    const base = seededNormal(3 * 4099, 8).map((value) => value * 3);
    await expectDivergence(
      base,
      base.map((value, index) => value + 25 + 0.01 * Math.sin(index)),
      3,
    );
  });

  test('the same top where equal logits come first in another order', async () => {
    const base = new Float32Array(2 * 301).fill(1);
    const variant = base.slice();
    base[7] = base[290] = variant[7] = 3;
    base[301 + 7] = variant[301 + 7] = variant[301 + 6] = 3;
    await expectDivergence(base, variant, 2);
  });
});

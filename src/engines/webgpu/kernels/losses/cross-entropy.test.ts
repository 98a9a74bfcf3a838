import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { logSoftmaxOfRow } from '../../../../testing/log-softmax';
import { crossEntropyGradient, crossEntropyLosses } from './cross-entropy';

describeOnEachDevice(() => {
  test.each([
    [1, 2],
    [5, 3],
    [67, 8],
    [6, 97],
    [3, 2052],
  ])('%i rows of %i classes against float64', async (rows, classes) => {
    const values = seededNormal(rows * classes, 1).map((value) => 8 * value + 40);
    const changes = seededNormal(rows, 2);
    const targets = Int32Array.from({ length: rows }, (_, row) => (row % 3 === 1 ? -1 : (row * 7) % classes));
    const losses = new Float64Array(rows);
    const gradient = new Float64Array(rows * classes);
    targets.forEach((target, row) => {
      if (target < 0) return;
      const logProbabilities = logSoftmaxOfRow(values, row, classes);
      losses[row] = -logProbabilities[target];
      logProbabilities.forEach(
        (value, column) =>
          (gradient[row * classes + column] = changes[row] * (Math.exp(value) - (column === target ? 1 : 0))),
      );
    });
    const logits = uploadTensor(values, [rows, classes]);
    const ids = uploadTensor(targets, [rows]);
    const dy = uploadTensor(changes, [rows]);
    const found = crossEntropyLosses(logits, ids);
    const ofLogits = crossEntropyGradient(logits, ids, found.logPartitions, dy);
    expect(ofLogits.shape).toEqual([rows, classes]);
    expectAllClose(await readFloats(found.losses), losses, { absolute: 2e-5, relative: 2e-6 });
    expectAllClose(await readFloats(ofLogits), gradient, { absolute: 1e-5, relative: 2e-5 });
    tf.dispose([logits, ids, dy, ...Object.values(found), ofLogits]);
  });
});

import * as tf from '@tensorflow/tfjs';
import { test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { logSoftmaxOfRow } from '../../../../testing/log-softmax';
import { tokenLoss } from './token-loss';

describeOnEachDevice(() => {
  // Rows of whole quads; rows that begin within a quad; rows shorter than a quad.
  test.each([300, 301, 302, 8191, 4, 3, 2])('rows of %i, a target that is not scored', async (vocabulary) => {
    const rows = 5;
    const targetValues = [vocabulary - 1, -1, 0, vocabulary >> 1, vocabulary - 1];
    const values = seededNormal(rows * vocabulary, 8).map((value) => value * 5 + 30);
    const logits = uploadTensor(values, [rows, vocabulary]);
    const targets = uploadTensor(Int32Array.from(targetValues), [rows]);
    const losses = tokenLoss(logits, targets);
    const expected = targetValues.map((target, row) =>
      target < 0 ? 0 : -logSoftmaxOfRow(values, row, vocabulary)[target],
    );
    expectAllClose(await readFloats(losses), expected);
    tf.dispose([logits, targets, losses]);
  });
});

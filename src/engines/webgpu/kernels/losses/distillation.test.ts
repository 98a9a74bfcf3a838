import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { derivatives } from '../../../../testing/finite-differences';
import { type Distillation, distillationGradient, distillationLosses } from './distillation';

function logSoftmax(logits: Float64Array, temperature: number): Float64Array {
  const softened = logits.map((value) => value / temperature);
  const greatest = Math.max(...softened);
  const total = softened.reduce((sum, value) => sum + Math.exp(value - greatest), 0);
  return softened.map((value) => value - greatest - Math.log(total));
}

/** Definition of Hinton et al. 2015, section 2. */
function lossOfRow(
  student: Float64Array,
  teacher: Float64Array,
  target: number,
  { temperature, distillationWeight }: Distillation,
): number {
  const [soft, taught] = [logSoftmax(student, temperature), logSoftmax(teacher, temperature)];
  const divergence = taught.reduce((sum, value, column) => sum + Math.exp(value) * (value - soft[column]), 0);
  const hard = -logSoftmax(student, 1)[target];
  return (1 - distillationWeight) * hard + distillationWeight * temperature ** 2 * divergence;
}

describeOnEachDevice(() => {
  test.each([
    [1, 2, { temperature: 1, distillationWeight: 1 }],
    [5, 3, { temperature: 2, distillationWeight: 0.7 }],
    [67, 8, { temperature: 4, distillationWeight: 0.5 }],
    [4, 97, { temperature: 1, distillationWeight: 0.7 }],
    [3, 260, { temperature: 3, distillationWeight: 0 }],
  ])('%i rows of %i classes, %o, against float64', async (rows, classes, options) => {
    const [values, taught] = [1, 2].map((seed) =>
      seededNormal(rows * classes, seed).map((value) => 3 * value + 20),
    );
    const changes = seededNormal(rows, 3);
    const targets = Int32Array.from({ length: rows }, (_, row) => (row % 4 === 2 ? -1 : (row * 5) % classes));
    const losses = new Float64Array(rows);
    const gradient = new Float64Array(rows * classes);
    targets.forEach((target, row) => {
      if (target < 0) return;
      const [student, teacher] = [values, taught].map((matrix) =>
        Float64Array.from(matrix.subarray(row * classes, (row + 1) * classes)),
      );
      losses[row] = lossOfRow(student, teacher, target, options);
      const slopes = derivatives((student) => lossOfRow(student, teacher, target, options), student);
      gradient.set(
        slopes.map((slope) => changes[row] * slope),
        row * classes,
      );
    });
    const logits = uploadTensor(values, [rows, classes]);
    const teacher = uploadTensor(taught, [rows, classes]);
    const ids = uploadTensor(targets, [rows]);
    const dy = uploadTensor(changes, [rows]);
    const found = distillationLosses(logits, teacher, ids, options);
    const ofLogits = distillationGradient(logits, teacher, ids, found.logPartitions, dy, options);
    expect(ofLogits.shape).toEqual([rows, classes]);
    expectAllClose(await readFloats(found.losses), losses, { absolute: 2e-5, relative: 1e-5 });
    expectAllClose(await readFloats(ofLogits), gradient, { absolute: 2e-5, relative: 2e-5 });
    tf.dispose([logits, teacher, ids, dy, ...Object.values(found), ofLogits]);
  });
});

import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { derivatives } from '../../../../testing/finite-differences';
import { divergenceDifferenceGradient, divergenceDifferences } from './divergence-difference';

function softmax(logits: Float64Array, temperature: number): Float64Array {
  const greatest = Math.max(...logits);
  const shares = logits.map((value) => Math.exp((value - greatest) / temperature));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

function divergence(teacher: Float64Array, student: Float64Array): number {
  return teacher.reduce((sum, share, column) => sum + share * Math.log(share / student[column]), 0);
}

describeOnEachDevice(() => {
  test.each([
    [1, 2, 1, 1],
    [5, 3, 2, 1],
    [67, 8, 4, 0.5],
    [4, 97, 1, 0.1],
    [3, 260, 3, 1],
  ])(
    '%i rows of %i classes at temperature %d, against float64',
    async (rows, classes, temperature, apart) => {
      const of = (seed: number, scale: number) =>
        seededNormal(rows * classes, seed).map((value) => scale * value);
      const teacher = of(1, 3).map((value) => value + 20);
      const first = of(2, 3).map((value) => value - 20);
      const moved = of(3, apart);
      const second = first.map((value, index) => value + moved[index]);
      const changes = seededNormal(rows, 4);
      const losses = new Float64Array(rows);
      const gradient = new Float64Array(rows * classes);
      for (let row = 0; row < rows; row++) {
        const [ofTeacher, ...students] = [teacher, first, second].map((matrix) =>
          Float64Array.from(matrix.subarray(row * classes, (row + 1) * classes)),
        );
        const [nearer, farther] = students.map((student) => softmax(student, temperature));
        const difference = (logits: Float64Array) => {
          const taught = softmax(logits, temperature);
          return divergence(taught, nearer) - divergence(taught, farther);
        };
        losses[row] = difference(ofTeacher);
        const slopes = derivatives(difference, ofTeacher);
        gradient.set(
          slopes.map((slope) => changes[row] * slope),
          row * classes,
        );
      }
      const logits = [teacher, first, second].map((values) => uploadTensor(values, [rows, classes])) as [
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor2D,
      ];
      const dy = uploadTensor(changes, [rows]);
      const found = divergenceDifferences(logits, temperature);
      const ofTeacher = divergenceDifferenceGradient(logits, found.moments, dy, temperature);
      expect(ofTeacher.shape).toEqual([rows, classes]);
      expectAllClose(await readFloats(found.losses), losses, { absolute: 1e-5, relative: 1e-5 });
      expectAllClose(await readFloats(ofTeacher), gradient, { absolute: 5e-6, relative: 2e-5 });
      tf.dispose([...logits, dy, found.losses, found.moments, ofTeacher]);
    },
  );
});

import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import type { TrainingBatch } from '../../model/gradients/sequence-losses';
import { MaskedMatrix } from '../../train/formats/masked-matrix';
import type { Objective } from '../../train/objective';
import type { BatchGradients } from '../../train/step-hooks';
import type { Student } from '../../train/student';
import { groupsPattern } from '../../weights/formats/n-of-m-weight';
import { expectAllClose } from '../../testing/allclose';
import { CompressedPoint } from './compressed-point';

beforeAll(() => openNodeGpu());

const VALUES = Float32Array.of(1, -0.9, 0.2, 3, -2, 0.1, 0.5, 0.4);
const CURVATURES = Float32Array.of(0.1, 2, 1, 0.5, 0.3, 1, -2, 1);
const BIAS = 0.5;
const CLIMB = 0.3;

/** The gradient of ½ Σ c w² + ½ b² at weights pruned to 2:4, with respect to the remaining ones; in float64. */
function gradientAt(weights: number[]): number[] {
  const order = [0, 4].flatMap((start) =>
    [0, 1, 2, 3]
      .map((offset) => start + offset)
      .sort((left, right) => Math.abs(weights[right]) - Math.abs(weights[left]))
      .slice(0, 2),
  );
  return weights.map((weight, index) => (order.includes(index) ? CURVATURES[index] * weight : 0));
}

test.each([true, false])(
  'the gradient is taken at the pruned weights after the climb; plus: %s',
  async (plus) => {
    const pattern = groupsPattern({ kept: 2, groupSize: 4 });
    const matrix = MaskedMatrix.fromValues(VALUES, new Float32Array(8).fill(1), [2, 4], pattern, 'matrix');
    const bias = uploadTensor(Float32Array.of(BIAS), [1]);
    const student = {
      parameters: [...matrix.parameters, { name: 'bias', tensor: bias, decays: false }],
    } as unknown as Student;
    const point = new CompressedPoint(student, {
      matrices: [matrix],
      size: { kept: 2, groupSize: 4 },
      climb: CLIMB,
      plus,
      objective: undefined as unknown as Objective,
    });
    const compute = async (): Promise<BatchGradients> =>
      tf.tidy(() => {
        const [curvatures, mask] = [tf.tensor2d(CURVATURES, [2, 4]), matrix.mask];
        return {
          loss: tf.scalar(7),
          gradients: [tf.mul(tf.mul(curvatures, mask), matrix.dense()), tf.mul(bias, 1)],
        };
      });

    const found = await point.gradients(compute, undefined as unknown as TrainingBatch);
    const plain = Array.from(VALUES, (value, index) => CURVATURES[index] * value);
    const climbed = gradientAt(Array.from(VALUES, (value, index) => value + CLIMB * plain[index]));
    // After the climb, other weights are the greatest of their group.
    expect(climbed.map(Boolean)).not.toEqual(gradientAt([...VALUES]).map(Boolean));
    const expected = climbed.map((value, index) => value + (plus ? plain[index] : 0));
    expectAllClose(await readFloats(found.gradients[0]), expected, { absolute: 1e-6 });
    const ofBias = BIAS * (1 + CLIMB) + (plus ? BIAS : 0);
    expectAllClose(await readFloats(found.gradients[1]), [ofBias], { absolute: 1e-6 });

    expect(await readFloats(matrix.values)).toEqual(VALUES);
    expect(await readFloats(bias)).toEqual(Float32Array.of(BIAS));
    expect(await matrix.readMask()).toEqual(new Float32Array(8).fill(1));
    tf.dispose([found.loss, ...found.gradients, bias]);
    point.dispose();
    matrix.dispose();
  },
);

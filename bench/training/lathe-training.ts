import * as tf from '@tensorflow/tfjs';
import { readFloats } from '../../src/engines/webgpu/transfer';
import { crossEntropy } from '../../src/model/gradients/cross-entropy';
import { differentiableLogits, type TrainingBatch } from '../../src/model/gradients/sequence-losses';
import type { Model } from '../../src/model/model';
import { AdamW } from '../../src/train/adamw';
import { clippingScale } from '../../src/train/gradient-clipping';
import { TrainableModel } from '../../src/train/trainable-model';
import type { Training } from './training';
import { SETTINGS } from './settings';

/** Training steps as in `train/train.ts`, for every parameter of a model. */
export class LatheTraining implements Training {
  private constructor(
    private readonly student: TrainableModel,
    private readonly optimizer: AdamW,
    private readonly batch: TrainingBatch,
  ) {}

  static async of(model: Model, batch: TrainingBatch): Promise<LatheTraining> {
    const student = await TrainableModel.of(model);
    return new LatheTraining(student, new AdamW(student.parameters, SETTINGS), batch);
  }

  async step(): Promise<number> {
    const { student, batch } = this;
    const count = batch.targets.filter((target) => target >= 0).length;
    const loss = () =>
      student.inStep(() =>
        tf.mul(tf.sum(crossEntropy(differentiableLogits(student, batch), batch.targets)), 1 / count),
      ) as tf.Scalar;
    const { value, grads } = tf.valueAndGrads(loss)(student.parameters.map(({ tensor }) => tensor));
    const { scale, norm } = clippingScale(grads, SETTINGS.clipping);
    this.optimizer.step(grads, SETTINGS.learningRate, scale);
    tf.dispose([...grads, scale, norm]);
    const [read] = await readFloats(value);
    value.dispose();
    return read;
  }

  dispose(): void {
    this.optimizer.dispose();
    this.student.dispose();
  }
}

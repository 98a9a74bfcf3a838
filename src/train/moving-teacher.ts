import * as tf from '@tensorflow/tfjs';
import { attempt } from '../engines/webgpu/attempt';
import { differentiableLogits } from '../model/gradients/sequence-losses';
import type { Model } from '../model/model';
import { AdamW } from './adamw';
import { type DistillationSettings, predictionLoss } from './distillation-objective';
import { clippingScale } from './gradient-clipping';
import { copyElements } from './parameter-snapshot';
import { LearningRates } from './learning-rate';
import type { Objective } from './objective';
import type { HookState } from './step-hooks';
import type { Student } from './student';
import { TrainableModel } from './trainable-model';
import { TrainingError } from './training-error';
import type { TrainingSettings } from './training-settings';

/** Settings of a distillation on logits alone. */
export type LogitDistillation = Pick<DistillationSettings, 'distillationWeight' | 'temperature'>;

export interface MovingTeacherSettings extends TrainingSettings {
  /** Teacher's learning rate as a multiple of the student's. */
  readonly teacherLearningRate: number;
}

/** Copy of the base in which everything trains beside the student, with its own AdamW. */
export class MovingTeacher {
  private readonly learningRates: LearningRates;

  private constructor(
    readonly model: TrainableModel,
    private readonly optimizer: AdamW,
    private readonly settings: MovingTeacherSettings,
  ) {
    this.learningRates = new LearningRates(settings);
  }

  /**
   * @param base stays unchanged and owned by the caller
   * @throws TrainingError if a second model in training does not fit the GPU
   */
  static async of(base: Model, settings: MovingTeacherSettings): Promise<MovingTeacher> {
    const { result, problem } = await attempt(async () => {
      const model = await TrainableModel.of(base);
      return new MovingTeacher(model, new AdamW(model.parameters, settings), settings);
    });
    if (result && problem === undefined) return result;
    result?.dispose();
    throw new TrainingError(
      `A teacher that trains too, with the state of its optimizer, does not fit this GPU beside the variant (${problem}); use knowledge-distillation, which does not train the base.`,
    );
  }

  /**
   * Takes one step with the gradient clipped like the student's.
   * @param gradients one for each parameter; owned by the caller
   * @param step student updates so far
   */
  update(gradients: readonly tf.Tensor[], step: number): void {
    const { scale, norm } = clippingScale(gradients, this.settings.clipping);
    const rate = this.settings.teacherLearningRate * this.learningRates.at(step);
    this.optimizer.step(gradients, rate, scale);
    tf.dispose([scale, norm]);
  }

  /** State of the run; the teacher owns the tensors. */
  get state(): Required<HookState> {
    return { tensors: Object.fromEntries(this.namedTensors()), json: this.optimizer.steps };
  }

  /** @param state from `state`; the caller owns its tensors */
  restore({ tensors, json }: HookState): void {
    const targets = this.namedTensors();
    copyElements(
      targets.map(([name]) => tensors![name]),
      targets.map(([, tensor]) => tensor),
    );
    this.optimizer.steps = json as number;
  }

  dispose(): void {
    this.optimizer.dispose();
    this.model.dispose();
  }

  private namedTensors(): [name: string, tensor: tf.Tensor][] {
    return this.model.parameters.flatMap(({ name, tensor }, index): [string, tf.Tensor][] => {
      const { first, second } = this.optimizer.moments[index];
      return [
        [`teacher/parameter/${name}`, tensor],
        [`teacher/first-moment/${name}`, first],
        [`teacher/second-moment/${name}`, second],
      ];
    });
  }
}

/**
 * Distillation from a model in training, at its present parameters.
 * @param teacher constant here: only the student's parameters receive a gradient
 */
export function taughtBy(teacher: Student, settings: LogitDistillation): Objective {
  return {
    prepare: (batch) => teacher.inStep(() => differentiableLogits(teacher, batch)),
    loss(student, batch, teacherLogits) {
      const logits = differentiableLogits(student, batch);
      return predictionLoss(logits, teacherLogits as tf.Tensor2D, batch, settings, student.config.task);
    },
  };
}

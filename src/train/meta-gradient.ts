import * as tf from '@tensorflow/tfjs';
import { readFloats } from '../engines/webgpu/transfer';
import { addScaled } from '../engines/webgpu/kernels/training/add-scaled';
import { divergenceDifference } from '../model/gradients/divergence-difference';
import { differentiableLogits, type TrainingBatch } from '../model/gradients/sequence-losses';
import { disposeGradients } from './batch-gradients';
import { targetCount } from './batch-parts';
import { clippingScale } from './gradient-clipping';
import { ParameterSnapshot } from './parameter-snapshot';
import type { LogitDistillation } from './moving-teacher';
import type { Objective } from './objective';
import type { BatchGradients, GradientsOf, ModelLoss } from './step-hooks';
import type { Student } from './student';

/** Length of the step to either side of the student's parameters (Liu et al. 2019, section 2.3). */
const STEP_LENGTH = 0.01;

export interface MetaGradientOptions {
  readonly distillation: LogitDistillation;
  /** λ: learning rate of the pilot step, which is plain gradient descent. */
  readonly pilotLearningRate: number;
  /** Quiz loss after the pilot step. */
  readonly quizObjective: Objective;
}

/**
 * Gradient of L_quiz(θ') with respect to the teacher's parameters, with θ' = θ − λ ∇L(θ) the student after a pilot step
 * (MetaDistil, Zhou et al. 2022, section 3.2).
 *
 * With v = ∇L_quiz(θ') it is −λ ∂/∂θ_T (∇L(θ) · v), and ∇L(θ) · v is the difference of L at θ ± εv divided by 2ε,
 * ε = 0.01 / ‖v‖ (DARTS, Liu et al. 2019, equations 7 and 8). Only the divergence a·T²·KL(teacher ‖ student) in L depends on
 * the teacher, so that one backward pass through the teacher and two forward passes of the student suffice.
 */
export class MetaGradient {
  private readonly present: ParameterSnapshot;
  private readonly objective: Objective;
  /** v and ε of the current step. */
  private direction: { readonly gradients: readonly tf.Tensor[]; readonly step: number } | undefined;

  /** @param lesson student's loss with the teacher as it is; the caller owns both models */
  constructor(
    private readonly lesson: ModelLoss,
    private readonly teacher: Student,
    private readonly options: MetaGradientOptions,
  ) {
    this.present = new ParameterSnapshot(lesson.model.parameters);
    this.objective = this.quizDerivative();
  }

  /**
   * Leaves the student's parameters unchanged.
   * @returns gradient with respect to the teacher's parameters; undefined if the quiz has none or it is not finite
   */
  async of(
    compute: GradientsOf,
    batch: TrainingBatch,
    quiz: TrainingBatch,
  ): Promise<BatchGradients | undefined> {
    this.present.save();
    const found = await this.afterPilotStep(compute, batch, quiz);
    try {
      const norm = await normOf(found.gradients);
      if (!(norm > 0 && Number.isFinite(norm))) return undefined;
      this.direction = { gradients: found.gradients, step: STEP_LENGTH / norm };
      return await compute(batch, { model: this.teacher, objective: this.objective });
    } finally {
      this.direction = undefined;
      disposeGradients(found);
    }
  }

  dispose(): void {
    this.present.dispose();
  }

  /** Loss and gradient of the quiz at θ'. */
  private async afterPilotStep(
    compute: GradientsOf,
    batch: TrainingBatch,
    quiz: TrainingBatch,
  ): Promise<BatchGradients> {
    const { lesson, options } = this;
    const pilot = await compute(batch, lesson);
    try {
      this.move(pilot.gradients, -options.pilotLearningRate);
      return await compute(quiz, { model: lesson.model, objective: options.quizObjective });
    } finally {
      this.present.restore();
      disposeGradients(pilot);
    }
  }

  /** Teacher's objective −λ·(L at θ + εv − L at θ − εv) / 2ε, restricted to terms that depend on the teacher. */
  private quizDerivative(): Objective {
    const { distillationWeight, temperature } = this.options.distillation;
    return {
      prepare: (batch) => this.logitsOnEitherSide(batch),
      loss: (teacher, batch, prepared) => {
        const students = prepared as [tf.Tensor2D, tf.Tensor2D];
        const logits = differentiableLogits(teacher, batch);
        const differences = divergenceDifference(logits, students, temperature);
        const factor = -this.options.pilotLearningRate * distillationWeight * temperature ** 2;
        const mean = meanOverTaught(differences, batch, teacher.config.task === 'sequence-classification');
        return tf.mul(mean, factor / (2 * this.direction!.step));
      },
    };
  }

  private logitsOnEitherSide(batch: TrainingBatch): tf.Tensor2D[] {
    const { model: student } = this.lesson;
    const { gradients, step } = this.direction!;
    const logits = () => student.inStep(() => differentiableLogits(student, batch));
    try {
      this.move(gradients, step);
      const above = logits();
      this.move(gradients, -2 * step);
      return [above, logits()];
    } finally {
      this.present.restore();
    }
  }

  private move(gradients: readonly tf.Tensor[], factor: number): void {
    this.lesson.model.parameters.forEach(({ tensor }, index) => addScaled(tensor, gradients[index], factor));
  }
}

/** Mean over everything that the teacher trains: every sentence of a classifier, otherwise every target. */
function meanOverTaught(values: tf.Tensor1D, batch: TrainingBatch, isClassifier: boolean): tf.Scalar {
  if (isClassifier) return tf.mean(values);
  const counted = Float32Array.from(batch.targets, (target) => Number(target >= 0));
  return tf.mul(tf.sum(tf.mul(values, tf.tensor1d(counted))), 1 / targetCount(batch));
}

async function normOf(gradients: readonly tf.Tensor[]): Promise<number> {
  const { scale, norm } = clippingScale(gradients, 1);
  try {
    return (await readFloats(norm))[0];
  } finally {
    tf.dispose([scale, norm]);
  }
}

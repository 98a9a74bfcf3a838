import * as tf from '@tensorflow/tfjs';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import { disposeGradients } from './batch-gradients';
import { targetCount } from './batch-parts';
import { fineTuning } from './fine-tuning-objective';
import { MetaGradient } from './meta-gradient';
import { type LogitDistillation, type MovingTeacher, taughtBy } from './moving-teacher';
import type { Objective } from './objective';
import type { BatchGradients, GradientsOf, HookState, ModelLoss, StepHooks } from './step-hooks';
import type { Student } from './student';

export interface MetaDistillationOptions {
  readonly distillation: LogitDistillation;
  /** Learning rate of the pilot step, which is plain gradient descent. */
  readonly pilotLearningRate: number;
  /** Quiz loss for unlabelled sentences; constant while the two train. */
  readonly withoutLabels: Objective;
  /** Quiz sequences of a step, counted from 0. */
  quiz(step: number): TrainingBatch;
}

/**
 * Meta-distillation: before each update of the student the teacher moves so that a pilot step of the student on its lesson
 * does better on a quiz; then the student learns from the moved teacher (MetaDistil, Zhou et al. 2022, algorithm 1).
 */
export class MetaDistillation implements StepHooks {
  private readonly metaGradient: MetaGradient;
  private readonly lesson: ModelLoss;
  private step = 0;

  /** @param teacher owned by the caller */
  constructor(
    student: Student,
    private readonly teacher: MovingTeacher,
    private readonly options: MetaDistillationOptions,
  ) {
    const { distillation, pilotLearningRate, withoutLabels } = options;
    const lesson = { model: student, objective: taughtBy(teacher.model, distillation) };
    this.lesson = lesson;
    this.metaGradient = new MetaGradient(lesson, teacher.model, {
      distillation,
      pilotLearningRate,
      quizObjective: quizObjective(withoutLabels),
    });
  }

  beforeStep(step: number): void {
    this.step = step;
  }

  async gradients(compute: GradientsOf, batch: TrainingBatch): Promise<BatchGradients> {
    const found = await this.metaGradient.of(compute, batch, this.options.quiz(this.step));
    if (found) this.teacher.update(found.gradients, this.step);
    disposeGradients(found);
    return compute(batch, this.lesson);
  }

  state(): HookState {
    return this.teacher.state;
  }

  restore(state: HookState): void {
    this.teacher.restore(state);
    tf.dispose(Object.values(state.tensors!));
  }

  dispose(): void {
    this.metaGradient.dispose();
  }
}

/** Cross-entropy for labelled batches, `withoutLabels` for others. */
function quizObjective(withoutLabels: Objective): Objective {
  const objectiveFor = (batch: TrainingBatch) => (targetCount(batch) > 0 ? fineTuning : withoutLabels);
  return {
    prepare: (batch) => objectiveFor(batch).prepare?.(batch) ?? [],
    loss: (student, batch, prepared) => objectiveFor(batch).loss(student, batch, prepared),
  };
}

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
  /** Of the pilot step, which is plain gradient descent. */
  readonly pilotLearningRate: number;
  /** Of what the student is quizzed by where sentences have no labels; does not change as the two train. */
  readonly withoutLabels: Objective;
  /** The sequences that the student of a step is quizzed on, the step counted from 0. */
  quiz(step: number): TrainingBatch;
}

/**
 * The teacher moves before each update of the student so that a pilot step by its lesson does better on a quiz; then the student
 * learns from the teacher that has moved (MetaDistil, Zhou et al. 2022, algorithm 1).
 */
export class MetaDistillation implements StepHooks {
  private readonly metaGradient: MetaGradient;
  private readonly lesson: ModelLoss;
  private step = 0;

  /** @param teacher stays the caller's */
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

/** The cross-entropy of what has a label. */
function quizObjective(withoutLabels: Objective): Objective {
  const ofBatch = (batch: TrainingBatch) => (targetCount(batch) > 0 ? fineTuning : withoutLabels);
  return {
    prepare: (batch) => ofBatch(batch).prepare?.(batch) ?? [],
    loss: (student, batch, prepared) => ofBatch(batch).loss(student, batch, prepared),
  };
}

import * as tf from '@tensorflow/tfjs';
import { differentiableLogits, type TrainingBatch } from '../model/gradients/sequence-losses';
import { predictionLoss } from './distillation-objective';
import { heldOutLoss } from './held-out-loss';
import { copyElements, ParameterSnapshot } from './parameter-snapshot';
import type { LogitDistillation, MovingTeacher } from './moving-teacher';
import type { Objective } from './objective';
import type { BatchGradients, GradientsOf, HookState, ModelLoss, StepHooks } from './step-hooks';
import type { Student } from './student';

/** Model that a run is meant to produce. */
export type CoDistilled = 'student' | 'teacher';

export interface CoDistillationOptions {
  /** Teacher's share in the student's loss. */
  readonly distillation: LogitDistillation;
  /** Student's share in the teacher's loss, at the same temperature. */
  readonly teacherWeight: number;
  /** Model whose held-out loss selects the best parameters. */
  readonly result: CoDistilled;
  /** Held-out loss of unlabelled sequences; constant while the two train. */
  readonly measuredBy: Objective;
  readonly signal?: AbortSignal;
}

interface CoDistillationState {
  readonly teacher: unknown;
  readonly bestLoss?: number;
}

/**
 * Collaborative distillation: student and teacher train on each batch together (CTCD, Lee et al. 2023, section 3), both on
 * (1 − weight)·cross-entropy + weight·T²·KL(other model ‖ this model), with the other's predictions held constant. The loss
 * of the run is the sum of both.
 */
export class CoDistillation implements StepHooks {
  private readonly loss: ModelLoss;
  private readonly bestTeacher: ParameterSnapshot;
  private bestLoss?: number;
  private step = 0;

  /** @param teacher owned by the caller */
  constructor(
    private readonly student: Student,
    private readonly teacher: MovingTeacher,
    private readonly options: CoDistillationOptions,
  ) {
    this.bestTeacher = new ParameterSnapshot(teacher.model.parameters);
    this.loss = { model: bothOf(student, teacher.model), objective: lossOfBoth(teacher.model, options) };
  }

  beforeStep(step: number): void {
    this.step = step;
  }

  async gradients(compute: GradientsOf, batch: TrainingBatch): Promise<BatchGradients> {
    const { loss, gradients } = await compute(batch, this.loss);
    const studentCount = this.student.parameters.length;
    const teacherGradients = gradients.slice(studentCount);
    this.teacher.update(teacherGradients, this.step);
    tf.dispose(teacherGradients);
    return { loss, gradients: gradients.slice(0, studentCount) };
  }

  async heldOutLoss(student: Student, heldOut: readonly TrainingBatch[]): Promise<number> {
    const { result, measuredBy, signal } = this.options;
    if (result === 'student') return heldOutLoss(student, measuredBy, heldOut, signal);
    const loss = await heldOutLoss(this.teacher.model, measuredBy, heldOut, signal);
    if (Number.isFinite(loss) && (this.bestLoss === undefined || loss < this.bestLoss)) {
      this.bestLoss = loss;
      this.bestTeacher.save();
    }
    return loss;
  }

  state(): HookState {
    const { tensors, json } = this.teacher.state;
    const state: CoDistillationState = { teacher: json, bestLoss: this.bestLoss };
    return { tensors: { ...tensors, ...this.bestTensors() }, json: state };
  }

  restore({ tensors = {}, json }: HookState): void {
    const { teacher, bestLoss } = json as CoDistillationState;
    this.teacher.restore({ tensors, json: teacher });
    this.bestLoss = bestLoss;
    if (bestLoss !== undefined) {
      this.bestTeacher.save();
      const best = Object.entries(this.bestTensors());
      copyElements(
        best.map(([name]) => tensors[name]),
        best.map(([, tensor]) => tensor),
      );
    }
    tf.dispose(Object.values(tensors));
  }

  /** Restores the teacher's parameters with the least held-out loss, if the run is meant to produce the teacher. */
  restoreBestTeacher(): void {
    if (this.bestLoss !== undefined) this.bestTeacher.restore();
  }

  dispose(): void {
    this.bestTeacher.dispose();
  }

  private bestTensors(): Record<string, tf.Tensor> {
    const { parameters } = this.teacher.model;
    return Object.fromEntries(
      this.bestTeacher.tensors.map((tensor, index) => [`best-teacher/${parameters[index].name}`, tensor]),
    );
  }
}

/** Student with the teacher's parameters after its own. */
function bothOf(student: Student, teacher: Student): Student {
  return {
    config: student.config,
    parameters: [...student.parameters, ...teacher.parameters],
    linear: (module) => student.linear(module),
    vector: (tensor) => student.vector(tensor),
    inStep: (work) => student.inStep(() => teacher.inStep(work)),
  };
}

function lossOfBoth(teacher: Student, { distillation, teacherWeight }: CoDistillationOptions): Objective {
  const teacherSettings = { ...distillation, distillationWeight: teacherWeight };
  return {
    loss(student, batch) {
      const { task } = student.config;
      const studentLogits = differentiableLogits(student, batch);
      const teacherLogits = differentiableLogits(teacher, batch);
      return tf.add(
        predictionLoss(studentLogits, teacherLogits, batch, distillation, task),
        predictionLoss(teacherLogits, studentLogits, batch, teacherSettings, task),
      );
    },
  };
}

import type { Model } from '../../model/model';
import type { Objective } from '../../train/objective';
import type { StepHooks } from '../../train/step-hooks';
import type { Student } from '../../train/student';
import { train, type TrainingOutcome } from '../../train/train';
import type { MatrixOverride } from '../../train/trainable-formats';
import { TrainableModel } from '../../train/trainable-model';
import type { TrainingPoint } from '../../train/training-context';
import type { TrainingSettings } from '../../train/training-settings';
import type { LinearWeight } from '../../weights/linear-weight';
import { type CompressionContext, RecipeError } from '../method';

/** A run of training as a method wants it. */
export interface VariantTraining {
  /** Modules whose matrices train; biases, norms and position embeddings always do. */
  readonly targets: Iterable<string>;
  /** The method's own way to train a target's weight, or a factor of it, in place of its format's. */
  readonly matrixOf?: MatrixOverride;
  readonly settings: TrainingSettings;
  readonly objective: Objective;
  hooks?(student: Student): StepHooks;
  /** With the best parameters in place, before a model is made of them. */
  finish?(outcome: TrainingOutcome): Promise<void>;
  /** What the method gives in place of the student, made after `finish`; the caller owns it. */
  result?(): Promise<Model>;
}

/**
 * Trains a copy of a model.
 *
 * @param start what the student begins as; stays as it is
 * @returns the student with the best parameters, in the formats that its weights had; the caller owns it
 */
export async function trainVariant(
  start: Model,
  training: VariantTraining,
  context: CompressionContext,
): Promise<Model> {
  const targets = new Set(training.targets);
  const student = await TrainableModel.of(start, {
    trains: (name) => targets.has(name) || start.vectors.has(name),
    matrixOf: training.matrixOf,
  });
  try {
    const { signal } = context;
    const told: { last?: TrainingPoint } = {};
    const run = {
      ...context.training!,
      signal,
      onProgress: (share: number) => context.onProgress?.(share),
      onPoint: (point: TrainingPoint) => context.training!.onPoint?.((told.last = point)),
    };
    const { objective, settings } = training;
    const outcome = await train(student, objective, settings, run, training.hooks?.(student));
    if (outcome.note && told.last) run.onPoint({ ...told.last, note: outcome.note });
    await training.finish?.(outcome);
    return await (training.result?.() ?? student.toModel(start));
  } finally {
    student.dispose();
  }
}

/** @throws RecipeError where an earlier step compressed a matrix, or a factor, that a method begins with dense */
export function requireDense(method: string, name: string, { format }: LinearWeight): void {
  if (format === 'dense') return;
  throw new RecipeError(
    `${method} begins with dense matrices and factors, and an earlier step made ${name} ${format}; put ${method} before that step, or train with knowledge-distillation, which keeps formats and zeros.`,
  );
}

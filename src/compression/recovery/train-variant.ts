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

/** Settings of a method's training run. */
export interface VariantTraining {
  /** Modules whose matrices train; biases, norms and position embeddings always do. */
  readonly targets: Iterable<string>;
  /** The method's own parametrization of a target's weight, or of a factor of it, instead of its format's. */
  readonly matrixOf?: MatrixOverride;
  readonly settings: TrainingSettings;
  readonly objective: Objective;
  hooks?(student: Student): StepHooks;
  /** Called with the best parameters in place, before the final model is built. */
  finish?(outcome: TrainingOutcome): Promise<void>;
  /** Returns the method's result in place of the student, built after `finish`; the caller owns it. */
  result?(): Promise<Model>;
}

/**
 * Trains a copy of a model.
 *
 * @param start initial model of the student; does not change
 * @returns the student with the best parameters, in the formats of its weights; the caller owns it
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
    const { signal, onProgress } = context;
    const latest: { last?: TrainingPoint } = {};
    const run = {
      ...context.training!,
      signal,
      onProgress,
      onPoint: (point: TrainingPoint) => context.training!.onPoint?.((latest.last = point)),
    };
    const { objective, settings } = training;
    const outcome = await train(student, objective, settings, run, training.hooks?.(student));
    if (outcome.note && latest.last) run.onPoint({ ...latest.last, note: outcome.note });
    await training.finish?.(outcome);
    return await (training.result?.() ?? student.toModel(start));
  } finally {
    student.dispose();
  }
}

/** @throws RecipeError where an earlier step compressed a matrix, or a factor, that must start dense */
export function requireDense(method: string, name: string, { format }: LinearWeight): void {
  if (format === 'dense') return;
  throw new RecipeError(
    `${method} needs dense matrices and factors, but an earlier step made ${name} ${format}; put ${method} before that step, or train with knowledge-distillation, which preserves formats and zeros.`,
  );
}

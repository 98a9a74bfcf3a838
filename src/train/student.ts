import type { DifferentiableWeights } from '../model/gradients/differentiable-weights';
import type { TrainableTensor } from './trainable-matrix';

/** Model in training, as the trainer uses it (`TrainableModel`). */
export interface Student extends DifferentiableWeights {
  /** Parameters of all matrices and vectors, always in the same order. */
  readonly parameters: readonly TrainableTensor[];
  /** Runs work in which each matrix is materialized at most once. */
  inStep<T>(work: () => T): T;
}

import type { DifferentiableWeights } from '../model/gradients/differentiable-weights';
import type { TrainableTensor } from './trainable-matrix';

/** What the trainer asks of a model in training (`TrainableModel`). */
export interface Student extends DifferentiableWeights {
  /** Of all matrices and vectors, in the same order at every call. */
  readonly parameters: readonly TrainableTensor[];
  /** Within it each matrix is made dense at most once. */
  inStep<T>(work: () => T): T;
}

import type { TrainableFormat } from '../trainable-format';
import { FactorizedMatrix } from './factorized-matrix';

/** Trains the inner weight; its codes are entropy-coded again at the end. */
export const entropyCodedFormat: TrainableFormat = {
  id: 'entropy-coded',
  of: (weight, name, trainFactor) => FactorizedMatrix.of(weight, name, trainFactor, ([inner]) => inner),
};

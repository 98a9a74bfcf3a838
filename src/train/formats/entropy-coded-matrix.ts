import type { TrainableFormat } from '../trainable-format';
import { FactorizedMatrix } from './factorized-matrix';

/** What is inside trains, and is coded again at the end. */
export const entropyCodedFormat: TrainableFormat = {
  id: 'entropy-coded',
  of: (weight, name, ofFactor) => FactorizedMatrix.of(weight, name, ofFactor, ([inner]) => inner),
};

import type { TrainableForm } from '../trainable-form';
import { FactorizedMatrix } from './factorized-matrix';

/** What is inside trains, and is coded again at the end. */
export const entropyCodedForm: TrainableForm = {
  form: 'entropy-coded',
  of: (weight, name, ofFactor) => FactorizedMatrix.of(weight, name, ofFactor, ([inner]) => inner),
};

import { blockSparseForm } from './block-sparse-weight';
import { denseForm } from './dense-weight';
import { kroneckerForm } from './kronecker-weight';
import { entropyCodedForm } from './entropy-coded-weight';
import type { LinearWeight, WeightForm } from './linear-weight';
import { lowRankForm } from './low-rank-weight';
import { nOfMForm } from './n-of-m-weight';
import { permutedForm } from './permuted-weight';
import { productQuantizedForm } from './product-quantized-weight';
import { quantizedForm } from './quantized-weight';
import { scaledForm } from './scaled-weight';
import { sparseForm } from './sparse-weight';
import { structuredForm } from './structured-weight';
import { tensorTrainRowsForm } from './tensor-train-rows-weight';
import { tensorTrainForm } from './tensor-train-weight';
import { w8a8Form } from './w8a8-weight';

/** Every form that a weight can be stored in. */
export const WEIGHT_FORMS: readonly WeightForm[] = [
  denseForm,
  quantizedForm,
  w8a8Form,
  scaledForm(loadWeight),
  sparseForm,
  nOfMForm,
  blockSparseForm,
  productQuantizedForm(loadWeight),
  structuredForm(loadWeight),
  lowRankForm(loadWeight),
  kroneckerForm(loadWeight),
  permutedForm(loadWeight),
  tensorTrainForm(loadWeight),
  tensorTrainRowsForm(loadWeight),
  entropyCodedForm(loadWeight),
];

/**
 * Loads a weight of any form.
 * @throws Error naming the forms that there are, or what does not fit
 */
export async function loadWeight(
  form: string,
  ...args: Parameters<WeightForm['load']>
): Promise<LinearWeight> {
  const known = WEIGHT_FORMS.find((candidate) => candidate.form === form);
  if (!known) {
    throw new Error(
      `the form "${form}" is not known; there are ${WEIGHT_FORMS.map((each) => each.form).join(', ')}`,
    );
  }
  return known.load(...args);
}

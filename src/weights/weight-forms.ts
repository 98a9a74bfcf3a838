import { blockSparseForm } from './formats/block-sparse-weight';
import { denseForm } from './formats/dense-weight';
import { kroneckerForm } from './formats/kronecker-weight';
import { entropyCodedForm } from './formats/entropy-coded-weight';
import type { LinearWeight, WeightForm } from './linear-weight';
import { lowRankForm } from './formats/low-rank-weight';
import { nOfMForm } from './formats/n-of-m-weight';
import { permutedForm } from './formats/permuted-weight';
import { productQuantizedForm } from './formats/product-quantized-weight';
import { quantizedForm } from './formats/quantized-weight';
import { scaledForm } from './formats/scaled-weight';
import { sparseForm } from './formats/sparse-weight';
import { structuredForm } from './formats/structured-weight';
import { tensorTrainRowsForm } from './formats/tensor-train-rows-weight';
import { tensorTrainForm } from './formats/tensor-train-weight';
import { w8a8Form } from './formats/w8a8-weight';

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

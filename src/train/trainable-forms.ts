import type { LinearWeight } from '../weights/linear-weight';
import { ConstantMatrix } from './forms/constant-matrix';
import { denseForm } from './forms/dense-matrix';
import { entropyCodedForm } from './forms/entropy-coded-matrix';
import { kroneckerForm } from './forms/kronecker-matrix';
import { lowRankForm } from './forms/low-rank-matrix';
import { blockSparseForm, nOfMForm, sparseForm } from './forms/masked-matrix';
import { productQuantizedForm } from './forms/product-quantized-matrix';
import { quantizedForm, w8a8Form } from './forms/quantized-matrix';
import { permutedForm, structuredForm } from './forms/rearranged-matrix';
import { scaledForm } from './forms/scaled-matrix';
import { tensorTrainForm } from './forms/tensor-train-matrix';
import { tensorTrainRowsForm } from './forms/tensor-train-rows-matrix';
import type { TrainableForm } from './trainable-form';
import type { TrainableMatrix } from './trainable-matrix';

/** Every form that trains by parameters of its own; a weight of any other form is constant. */
export const TRAINABLE_FORMS: readonly TrainableForm[] = [
  denseForm,
  quantizedForm,
  w8a8Form,
  scaledForm,
  sparseForm,
  nOfMForm,
  blockSparseForm,
  productQuantizedForm,
  structuredForm,
  lowRankForm,
  kroneckerForm,
  permutedForm,
  tensorTrainForm,
  tensorTrainRowsForm,
  entropyCodedForm,
];

/** A method's own way to train a weight; undefined where the form's is right. */
export type OwnMatrix = (name: string, weight: LinearWeight) => Promise<TrainableMatrix | undefined>;

/**
 * What trains of a weight. The caller owns it.
 * @param weight stays as it is, and may be disposed of afterwards
 * @param name of the module, which the names of the parameters begin with
 * @param own asked first, of the weight and then of its factors, which are called `<module>.<factor>`
 */
export async function trainableMatrix(
  weight: LinearWeight,
  name: string,
  own?: OwnMatrix,
): Promise<TrainableMatrix> {
  const chosen = await own?.(name, weight);
  if (chosen) return chosen;
  const known = TRAINABLE_FORMS.find(({ form }) => form === weight.form);
  if (!known) return ConstantMatrix.of(weight);
  return known.of(weight, name, (factor, factorName) => trainableMatrix(factor, factorName, own));
}

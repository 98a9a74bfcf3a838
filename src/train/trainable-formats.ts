import type { LinearWeight } from '../weights/linear-weight';
import { ConstantMatrix } from './formats/constant-matrix';
import { denseFormat } from './formats/dense-matrix';
import { entropyCodedFormat } from './formats/entropy-coded-matrix';
import { kroneckerFormat } from './formats/kronecker-matrix';
import { lowRankFormat } from './formats/low-rank-matrix';
import { blockSparseFormat, nOfMFormat, sparseFormat } from './formats/masked-matrix';
import { productQuantizedFormat } from './formats/product-quantized-matrix';
import { quantizedFormat, w8a8Format } from './formats/quantized-matrix';
import { permutedFormat, structuredFormat } from './formats/rearranged-matrix';
import { scaledFormat } from './formats/scaled-matrix';
import { tensorTrainFormat } from './formats/tensor-train-matrix';
import { tensorTrainRowsFormat } from './formats/tensor-train-rows-matrix';
import type { TrainableFormat } from './trainable-format';
import type { TrainableMatrix } from './trainable-matrix';

/** Every format that trains by parameters of its own; a weight of any other format is constant. */
export const TRAINABLE_FORMATS: readonly TrainableFormat[] = [
  denseFormat,
  quantizedFormat,
  w8a8Format,
  scaledFormat,
  sparseFormat,
  nOfMFormat,
  blockSparseFormat,
  productQuantizedFormat,
  structuredFormat,
  lowRankFormat,
  kroneckerFormat,
  permutedFormat,
  tensorTrainFormat,
  tensorTrainRowsFormat,
  entropyCodedFormat,
];

/** A method's own way to train a weight; undefined where the format's is right. */
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
  const known = TRAINABLE_FORMATS.find(({ id }) => id === weight.format);
  if (!known) return ConstantMatrix.of(weight);
  return known.of(weight, name, (factor, factorName) => trainableMatrix(factor, factorName, own));
}

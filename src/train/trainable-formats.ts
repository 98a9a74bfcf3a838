import { isSparse, type LinearWeight } from '../weights/linear-weight';
import { ConstantMatrix } from './formats/constant-matrix';
import { denseFormat } from './formats/dense-matrix';
import { entropyCodedFormat } from './formats/entropy-coded-matrix';
import { kroneckerFormat } from './formats/kronecker-matrix';
import { lowRankFormat } from './formats/low-rank-matrix';
import { sparseMatrix } from './formats/masked-matrix';
import { productQuantizedFormat } from './formats/product-quantized-matrix';
import { quantizedFormat, w8a8Format } from './formats/quantized-matrix';
import { permutedFormat, structuredFormat } from './formats/rearranged-matrix';
import { scaledFormat } from './formats/scaled-matrix';
import { tensorTrainFormat } from './formats/tensor-train-matrix';
import { tensorTrainRowsFormat } from './formats/tensor-train-rows-matrix';
import type { TrainableFormat } from './trainable-format';
import type { TrainableMatrix } from './trainable-matrix';

/** Formats with parameters that train, besides the sparse ones; weights of other formats are constant. */
export const TRAINABLE_FORMATS: readonly TrainableFormat[] = [
  denseFormat,
  quantizedFormat,
  w8a8Format,
  scaledFormat,
  productQuantizedFormat,
  structuredFormat,
  lowRankFormat,
  kroneckerFormat,
  permutedFormat,
  tensorTrainFormat,
  tensorTrainRowsFormat,
  entropyCodedFormat,
];

/** A method's own trainable matrix for a weight; undefined: the format's default. */
export type MatrixOverride = (name: string, weight: LinearWeight) => Promise<TrainableMatrix | undefined>;

/**
 * Makes a weight trainable. The caller owns the result.
 * @param weight stays unchanged and may be disposed of afterwards
 * @param name module; prefix of the parameter names
 * @param override asked first for the weight and then for its factors, named `<module>.<factor>`
 */
export async function trainableMatrix(
  weight: LinearWeight,
  name: string,
  override?: MatrixOverride,
  formats = TRAINABLE_FORMATS,
): Promise<TrainableMatrix> {
  const overridden = await override?.(name, weight);
  if (overridden) return overridden;
  if (isSparse(weight)) return sparseMatrix(weight, name);
  const known = formats.find(({ id }) => id === weight.format);
  if (!known) return ConstantMatrix.of(weight);
  return known.of(weight, name, (factor, factorName) =>
    trainableMatrix(factor, factorName, override, formats),
  );
}

import { blockSparseFormat } from './formats/block-sparse-weight';
import { denseFormat } from './formats/dense-weight';
import { kroneckerFormat } from './formats/kronecker-weight';
import { entropyCodedFormat } from './formats/entropy-coded-weight';
import type { LinearWeight, WeightFormat } from './linear-weight';
import { lowRankFormat } from './formats/low-rank-weight';
import { nOfMFormat } from './formats/n-of-m-weight';
import { permutedFormat } from './formats/permuted-weight';
import { productQuantizedFormat } from './formats/product-quantized-weight';
import { quantizedFormat } from './formats/quantized-weight';
import { scaledFormat } from './formats/scaled-weight';
import { sparseFormat } from './formats/sparse-weight';
import { structuredFormat } from './formats/structured-weight';
import { tensorTrainRowsFormat } from './formats/tensor-train-rows-weight';
import { tensorTrainFormat } from './formats/tensor-train-weight';
import { w8a8Format } from './formats/w8a8-weight';
import type { TensorReader } from './stored-words';

/** Registry of weight formats. */
export const WEIGHT_FORMATS: readonly WeightFormat[] = [
  denseFormat,
  quantizedFormat,
  w8a8Format,
  scaledFormat(loadWeight),
  sparseFormat,
  nOfMFormat,
  blockSparseFormat,
  productQuantizedFormat(loadWeight),
  structuredFormat(loadWeight),
  lowRankFormat(loadWeight),
  kroneckerFormat(loadWeight),
  permutedFormat(loadWeight),
  tensorTrainFormat(loadWeight),
  tensorTrainRowsFormat(loadWeight),
  entropyCodedFormat(loadWeight),
];

/**
 * Loads a weight of any format.
 * @throws Error listing the known formats, or saying what does not fit
 */
export async function loadWeight(
  form: string,
  shape: readonly [number, number],
  attributes: Record<string, unknown>,
  read: TensorReader,
  formats = WEIGHT_FORMATS,
): Promise<LinearWeight> {
  const known = formats.find((candidate) => candidate.id === form);
  if (!known) {
    throw new Error(
      `the format "${form}" is not known; there are ${formats.map((each) => each.id).join(', ')}`,
    );
  }
  return known.load(shape, attributes, read);
}

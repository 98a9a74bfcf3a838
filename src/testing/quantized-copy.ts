import type { LinearWeight, SparseStorage } from '../weights/linear-weight';
import type { QuantizationScheme } from '../weights/quantization';

/** Quantizes the values of a sparse weight with the same pattern; frees the weight. */
export async function quantizedCopy(
  weight: SparseStorage,
  scheme: QuantizationScheme,
): Promise<LinearWeight> {
  const copy = await weight.quantizeStored(scheme);
  weight.dispose();
  return copy;
}

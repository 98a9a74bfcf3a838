import type { LinearWeight, SparseStorage } from '../weights/linear-weight';
import type { QuantizationScheme } from '../weights/quantization';

/** The same pattern with its values as codes; frees the weight. */
export async function quantizedCopy(
  weight: SparseStorage,
  scheme: QuantizationScheme,
): Promise<LinearWeight> {
  const copy = await weight.quantizeStored(scheme);
  weight.dispose();
  return copy;
}

import type { BlockSparseWeight } from '../weights/block-sparse-weight';
import type { LinearWeight } from '../weights/linear-weight';
import type { NOfMWeight } from '../weights/n-of-m-weight';
import type { QuantizationScheme } from '../weights/quantization';
import type { SparseWeight } from '../weights/sparse-weight';

/** The same pattern with its values as codes; frees the weight. */
export async function quantizedCopy(
  weight: SparseWeight | NOfMWeight | BlockSparseWeight,
  scheme: QuantizationScheme,
): Promise<LinearWeight> {
  const copy = await weight.quantizeValues(scheme);
  weight.dispose();
  return copy;
}

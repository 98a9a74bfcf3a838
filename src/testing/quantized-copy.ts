import type { BlockSparseWeight } from '../weights/formats/block-sparse-weight';
import type { LinearWeight } from '../weights/linear-weight';
import type { NOfMWeight } from '../weights/formats/n-of-m-weight';
import type { QuantizationScheme } from '../weights/quantization';
import type { SparseWeight } from '../weights/formats/sparse-weight';

/** The same pattern with its values as codes; frees the weight. */
export async function quantizedCopy(
  weight: SparseWeight | NOfMWeight | BlockSparseWeight,
  scheme: QuantizationScheme,
): Promise<LinearWeight> {
  const copy = await weight.quantizeValues(scheme);
  weight.dispose();
  return copy;
}

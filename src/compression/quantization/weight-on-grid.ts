import { BlockSparseWeight } from '../../weights/formats/block-sparse-weight';
import type { LinearWeight } from '../../weights/linear-weight';
import { NOfMWeight } from '../../weights/formats/n-of-m-weight';
import type { QuantizationGrid } from '../../weights/quantization';
import { QuantizedWeight } from '../../weights/formats/quantized-weight';
import { SparseWeight } from '../../weights/formats/sparse-weight';

/** Whether a format stores no zeros. */
export function storesNoZeros(weight: LinearWeight): weight is SparseWeight | NOfMWeight | BlockSparseWeight {
  return (
    weight instanceof SparseWeight || weight instanceof NOfMWeight || weight instanceof BlockSparseWeight
  );
}

/**
 * Values as codes of a grid that was chosen before, in the format that the weight is in: what was sparse stays sparse.
 * @param weight stays as it is
 * @param values row-major [out, in], zero where the weight stores nothing
 */
export async function weightOnGrid(
  weight: LinearWeight,
  values: Float32Array,
  grid: QuantizationGrid,
): Promise<LinearWeight> {
  const { shape } = weight;
  if (weight instanceof SparseWeight) return SparseWeight.fromGrid(values, shape, grid);
  if (weight instanceof NOfMWeight) return NOfMWeight.fromGrid(values, shape, weight.pattern, grid);
  if (weight instanceof BlockSparseWeight) return weight.withGrid(values, grid);
  return QuantizedWeight.fromGrid(values, shape, grid);
}

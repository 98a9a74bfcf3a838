import { QuantizedWeight } from './formats/quantized-weight';
import { isSparse, type LinearWeight } from './linear-weight';
import type { QuantizationGrid, QuantizationScheme } from './quantization';

/**
 * A weight rounded to nearest; what was sparse keeps its pattern.
 * @param weight stays as it is
 * @param values those that the weight has, row-major [out, in]
 */
export async function quantizeWeight(
  weight: LinearWeight,
  values: Float32Array,
  scheme: QuantizationScheme,
): Promise<LinearWeight> {
  if (isSparse(weight)) return weight.quantizeStored(scheme);
  return QuantizedWeight.fromValues(values, weight.shape, scheme);
}

/**
 * Values as codes of a grid that was chosen before; what was sparse keeps its pattern.
 * @param weight stays as it is
 * @param values row-major [out, in], 0 where the weight stores nothing
 */
export async function weightOnGrid(
  weight: LinearWeight,
  values: Float32Array,
  grid: QuantizationGrid,
): Promise<LinearWeight> {
  if (isSparse(weight)) return weight.storeOnGrid(values, grid);
  return QuantizedWeight.fromGrid(values, weight.shape, grid);
}

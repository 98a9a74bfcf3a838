import { QuantizedWeight } from './formats/quantized-weight';
import { isSparse, type LinearWeight } from './linear-weight';
import type { QuantizationGrid, QuantizationScheme } from './quantization';

/**
 * Rounds a weight to the nearest codes; a sparse weight keeps its pattern.
 * @param weight unchanged
 * @param values dense values of the weight, row-major [out, in]
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
 * Stores values as codes of a given grid; a sparse weight keeps its pattern.
 * @param weight unchanged
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

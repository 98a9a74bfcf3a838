import { statisticsOf } from '../calibration/calibration';
import type { CompressionMethod, TargetMatrix } from '../method';
import { METHODS } from '../methods';
import { relativeFrobeniusError } from './relative-error';
import { DenseWeight } from '../../weights/formats/dense-weight';
import type { LinearWeight } from '../../weights/linear-weight';

/**
 * Runs one method on one matrix as a recipe step would; the caller disposes the result.
 * @param inputs row-major [tokens, in]: for a calibrated method, the inputs of this matrix on the calibration text
 */
export async function compressMatrix(
  id: string,
  json: unknown,
  values: Float32Array,
  shape: readonly [number, number],
  inputs?: Float32Array,
): Promise<LinearWeight> {
  const method = METHODS.find((candidate) => candidate.id === id) as CompressionMethod;
  const parameters = method.schema.parse(json);
  const weight = DenseWeight.fromValues(values, shape);
  const target: TargetMatrix = { name: 'h.0.c_fc', shape, values, weight };
  try {
    if (method.appliesTo === 'model') throw new Error(`${id} is a method on whole models.`);
    if ('compressCalibrated' in method) {
      if (!inputs) throw new Error(`${id} needs calibration inputs.`);
      return await method.compressCalibrated(target, statisticsOf(inputs, shape[1]), parameters, {});
    }
    const survey = await method.survey?.([target] as unknown as AsyncIterable<TargetMatrix>, parameters);
    return await method.compress(target, parameters, {}, survey);
  } finally {
    weight.dispose();
  }
}

/** ‖W − Ŵ‖F / ‖W‖F of the compressed matrix. */
export async function compressionError(
  id: string,
  json: unknown,
  values: Float32Array,
  shape: readonly [number, number],
  inputs?: Float32Array,
): Promise<number> {
  const weight = await compressMatrix(id, json, values, shape, inputs);
  const error = relativeFrobeniusError(values, await weight.dense());
  weight.dispose();
  return error;
}

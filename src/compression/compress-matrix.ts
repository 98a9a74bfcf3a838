import type { CompressionMethod, TargetMatrix } from './method';
import { METHODS } from './methods';
import { relativeFrobeniusError } from './relative-error';
import { DenseWeight } from '../weights/dense-weight';
import type { LinearWeight } from '../weights/linear-weight';

/** Runs one method on one matrix as a recipe step would; the caller disposes of what comes back. */
export async function compressMatrix(
  id: string,
  json: unknown,
  values: Float32Array,
  shape: readonly [number, number],
): Promise<LinearWeight> {
  const method = METHODS.find((candidate) => candidate.id === id) as CompressionMethod;
  const parameters = method.schema.parse(json);
  const weight = DenseWeight.fromValues(values, shape);
  const target: TargetMatrix = { name: 'h.0.c_fc', shape, values, weight };
  try {
    const survey = await method.survey?.([target] as unknown as AsyncIterable<TargetMatrix>, parameters);
    return await method.compress(target, parameters, {}, survey);
  } finally {
    weight.dispose();
  }
}

/** ‖W − Ŵ‖F / ‖W‖F of what the method made of the matrix. */
export async function compressionError(
  id: string,
  json: unknown,
  values: Float32Array,
  shape: readonly [number, number],
): Promise<number> {
  const weight = await compressMatrix(id, json, values, shape);
  const error = relativeFrobeniusError(values, await weight.dense());
  weight.dispose();
  return error;
}

import type { LinearWeight } from './linear-weight';

/** Bytes that a weight takes on the GPU, those of its factors included. */
export function gpuBytesOf(weight: LinearWeight): number {
  if (weight.gpuBytes !== undefined) return weight.gpuBytes;
  const factors = weight.factors ?? [];
  return factors.reduce(
    (sum, factor) => sum + gpuBytesOf(factor.weight) - factor.weight.storedBytes,
    weight.storedBytes,
  );
}

/** Seconds that decoding took when a weight was loaded or coded, those of its factors included; undefined where none is coded. */
export function decodeSecondsOf(weight: LinearWeight): number | undefined {
  if (weight.decodeSeconds !== undefined) return weight.decodeSeconds;
  const seconds = (weight.factors ?? []).map((factor) => decodeSecondsOf(factor.weight) ?? 0);
  const total = seconds.reduce((sum, each) => sum + each, 0);
  return total > 0 ? total : undefined;
}

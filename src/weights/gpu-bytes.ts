import type { LinearWeight } from './linear-weight';

/** GPU bytes of a weight, including its factors. */
export function gpuBytesOf(weight: LinearWeight): number {
  if (weight.gpuBytes !== undefined) return weight.gpuBytes;
  const factors = weight.factors ?? [];
  return factors.reduce(
    (sum, factor) => sum + gpuBytesOf(factor.weight) - factor.weight.storedBytes,
    weight.storedBytes,
  );
}

/** Seconds spent decoding when a weight was loaded or coded, including its factors; undefined without entropy coding. */
export function decodeSecondsOf(weight: LinearWeight): number | undefined {
  if (weight.decodeSeconds !== undefined) return weight.decodeSeconds;
  const seconds = (weight.factors ?? []).map((factor) => decodeSecondsOf(factor.weight) ?? 0);
  const total = seconds.reduce((sum, each) => sum + each, 0);
  return total > 0 ? total : undefined;
}

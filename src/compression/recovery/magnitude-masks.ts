import { readFloats } from '../../engines/webgpu/transfer';
import type { MaskedMatrix } from '../../train/formats/masked-matrix';
import { roundHalfToEven } from '../../weights/quantization';
import { magnitudeThreshold, markBelow, pruneNOfM } from '../pruning/magnitude';

/** How many weights stay: a share of them goes, of each matrix or of all together; or so many of each group. */
export type MaskSize =
  | { readonly sparsity: number; readonly scope: 'layer' | 'global' }
  | { readonly kept: number; readonly groupSize: number };

/** One matrix, row-major. */
export interface MagnitudeMatrix {
  readonly values: Float32Array;
  readonly width: number;
}

/**
 * Which weights stay when those of least magnitude go, as `magnitude-pruning` chooses them.
 * @returns of each matrix 1 where a weight stays and 0 where it goes
 */
export async function magnitudeMasks(
  matrices: readonly MagnitudeMatrix[],
  size: MaskSize,
): Promise<Float32Array[]> {
  if ('kept' in size) return matrices.map((matrix) => groupMask(matrix, size));
  const of = (group: readonly MagnitudeMatrix[]) => sparseMasks(group, size.sparsity);
  if (size.scope === 'global') return of(matrices);
  const masks: Float32Array[] = [];
  for (const matrix of matrices) masks.push(...(await of([matrix])));
  return masks;
}

/** Masks of matrices under one threshold. */
async function sparseMasks(matrices: readonly MagnitudeMatrix[], sparsity: number): Promise<Float32Array[]> {
  const total = matrices.reduce((sum, { values }) => sum + values.length, 0);
  const threshold = await magnitudeThreshold(
    matrices.map(({ values }) => values),
    roundHalfToEven(sparsity * total),
  );
  let { ties } = threshold;
  return matrices.map(({ values }) => {
    const { marks, tiesUsed } = markBelow(values, { bits: threshold.bits, ties });
    ties -= tiesUsed;
    return Float32Array.from(marks, (mark) => 1 - mark);
  });
}

function groupMask(
  { values, width }: MagnitudeMatrix,
  { kept, groupSize }: { readonly kept: number; readonly groupSize: number },
): Float32Array {
  // A zero that stays would look like one that goes: it counts as the least magnitude that float32 has.
  const least = 2 ** -149;
  const magnitudes = values.map((value) => Math.abs(value) || least);
  return pruneNOfM(magnitudes, width, kept, groupSize).map((value) => (value === 0 ? 0 : 1));
}

/** Masks matrices in training by the magnitudes that they have now, whatever was masked before. */
export async function maskByMagnitude(matrices: readonly MaskedMatrix[], size: MaskSize): Promise<void> {
  const weights: MagnitudeMatrix[] = [];
  for (const { values, shape } of matrices)
    weights.push({ values: await readFloats(values), width: shape[1] });
  const masks = await magnitudeMasks(weights, size);
  matrices.forEach((matrix, index) => matrix.setMask(masks[index]));
}

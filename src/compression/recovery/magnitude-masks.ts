import { readFloats } from '../../engines/webgpu/transfer';
import type { MaskedMatrix } from '../../train/formats/masked-matrix';
import { roundHalfToEven } from '../../weights/quantization';
import { magnitudeThreshold, markBelow, pruneNOfM } from '../pruning/magnitude';

/** Number of remaining weights: a share is removed, of each matrix or of all together; or N of every M remain. */
export type MaskSize =
  | { readonly sparsity: number; readonly scope: 'layer' | 'global' }
  | { readonly kept: number; readonly groupSize: number };

/** One matrix, row-major. */
export interface MagnitudeMatrix {
  readonly values: Float32Array;
  readonly width: number;
}

/**
 * Masks that keep the weights of greatest magnitude, as `magnitude-pruning` chooses them.
 * @returns for each matrix 1 where a weight remains and 0 where it is removed
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
  // A remaining zero would look like a removed one, so it counts as the least positive magnitude of float32.
  const least = 2 ** -149;
  const magnitudes = values.map((value) => Math.abs(value) || least);
  return pruneNOfM(magnitudes, width, kept, groupSize).map((value) => (value === 0 ? 0 : 1));
}

/** Masks matrices in training by their current magnitudes, whatever was masked before. */
export async function maskByMagnitude(matrices: readonly MaskedMatrix[], size: MaskSize): Promise<void> {
  const weights: MagnitudeMatrix[] = [];
  for (const { values, shape } of matrices)
    weights.push({ values: await readFloats(values), width: shape[1] });
  const masks = await magnitudeMasks(weights, size);
  matrices.forEach((matrix, index) => matrix.setMask(masks[index]));
}

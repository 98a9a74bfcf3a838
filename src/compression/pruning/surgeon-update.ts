import { yielding, type LongTask } from '../../linalg/long-task';
import { factorInPlace, solveInPlace } from '../../linalg/small-cholesky';
import type { FisherBlocks } from './fisher-blocks';

/**
 * Cost of removing each weight alone: w_q² / (2 [F⁻¹]_qq) (Kurtic et al. 2022, equation 5 for a single weight).
 * @param values of the matrix, flattened like its Fisher blocks
 */
export async function surgeonSaliencies(
  fisher: FisherBlocks,
  values: Float32Array,
  task: LongTask = {},
): Promise<Float32Array> {
  const yieldToEventLoop = yielding(task);
  const saliencies = new Float32Array(values.length);
  for (let block = 0; block < fisher.count; block++) {
    const { start } = fisher.range(block);
    fisher.inverseDiagonal(block).forEach((inverse, index) => {
      saliencies[start + index] = values[start + index] ** 2 / (2 * inverse);
    });
    await yieldToEventLoop(block / fisher.count);
  }
  return saliencies;
}

/**
 * Removes the marked weights and updates the others of their block so that the loss grows least: δw = −F⁻¹ E_Q
 * ([F⁻¹]_QQ)⁻¹ w_Q with all marked weights of a block as Q (Kurtic et al. 2022, equation 4). By block elimination
 * that is δw_K = F_KK⁻¹ F_KQ w_Q for the remaining ones K, and −w_Q for Q.
 *
 * @param marks 1 for a weight to remove; zeros stay zero even if they are not marked
 * @returns a new array
 */
export async function removeMarked(
  fisher: FisherBlocks,
  values: Float32Array,
  marks: Uint8Array,
  task: LongTask = {},
): Promise<Float32Array> {
  const yieldToEventLoop = yielding(task);
  const result = values.slice();
  for (let block = 0; block < fisher.count; block++) {
    const { start, length } = fisher.range(block);
    const remaining: number[] = [];
    const removed: number[] = [];
    for (let index = 0; index < length; index++) {
      if (values[start + index] === 0) continue;
      (marks[start + index] ? removed : remaining).push(index);
    }
    const gone = Float64Array.from(removed, (index) => values[start + index]);
    const change = fisher.multiply(block, remaining, removed, gone);
    const factor = fisher.block(block, remaining);
    factorInPlace(factor, remaining.length);
    solveInPlace(factor, remaining.length, change);
    for (const index of removed) result[start + index] = 0;
    remaining.forEach(
      (index, position) => (result[start + index] = values[start + index] + change[position]),
    );
    await yieldToEventLoop(block / fisher.count);
  }
  return result;
}

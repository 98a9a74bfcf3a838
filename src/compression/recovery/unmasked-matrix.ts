import { type GroupPattern, groupsPattern } from '../../weights/formats/n-of-m-weight';
import { UNSTRUCTURED } from '../../weights/formats/sparse-weight';
import { MaskedMatrix } from '../../train/formats/masked-matrix';
import type { LinearWeight } from '../../weights/linear-weight';
import { requireWholeGroups } from '../pruning/sparsity-pattern';
import { requireDense } from './train-variant';

/**
 * A trainable matrix with all of its weights, for a method that masks them during training; undefined where its
 * factors train.
 * @param groups the pattern of the masks; undefined: unstructured
 * @throws RecipeError where the matrix is not dense, or the group size does not divide its width
 */
export async function unmaskedMatrix(
  method: string,
  name: string,
  weight: LinearWeight,
  groups: GroupPattern | undefined,
): Promise<MaskedMatrix | undefined> {
  if (weight.factors) return undefined;
  requireDense(method, name, weight);
  if (groups) requireWholeGroups(name, weight.shape[1], groups);
  return MaskedMatrix.unmasked(weight, groups ? groupsPattern(groups) : UNSTRUCTURED, name);
}

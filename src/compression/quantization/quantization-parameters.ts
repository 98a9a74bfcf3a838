import { z } from 'zod';
import { parameter } from '../../parameters/parameter';
import { RecipeError } from '../method';

/** Bits of a weight. */
export function bitsParameter(initial: 8 | 4) {
  return parameter(z.literal([8, 4, 3, 2], { error: 'bits must be 8, 4, 3 or 2' }).default(initial), {
    label: 'Bits',
    help: 'Codes are stored without gaps: 32 of them take 32, 16, 12 or 8 bytes.',
  });
}

/**
 * Weights along the input dimension that share a scale; the method's default if unset. @param more help text to
 * append
 */
export function groupSizeParameter(more: string, { initial }: { readonly initial?: number } = {}) {
  return parameter(groupSize.optional(), { ...groupSizeMeta(more), initial });
}

/** Like `groupSizeParameter`, for methods that always group. */
export function requiredGroupSizeParameter(more: string) {
  return parameter(groupSize.default(32), groupSizeMeta(more));
}

const groupSize = z.number().int().positive();

function groupSizeMeta(more: string) {
  const help = `Weights along the input dimension that share a scale; must divide the width. ${more}`;
  return { label: 'Group size', max: 4096, unit: 'inputs', help };
}

/** Whether codes are symmetric around zero, or have a zero point. @param initial the default, offered first */
export function symmetricParameter(initial: boolean, more = '') {
  const symmetric = { true: 'symmetric' };
  const asymmetric = { false: 'asymmetric (zero point)' };
  return parameter(z.boolean().default(initial), {
    label: 'Range',
    labels: initial ? { ...symmetric, ...asymmetric } : { ...asymmetric, ...symmetric },
    help: `Asymmetric uses the whole range of codes where weights are not centred on zero${more}.`,
  });
}

/** Value added to the diagonal of a Hessian before inversion. */
export const dampingParameter = parameter(z.number().positive().max(1).default(0.01), {
  label: 'Damping',
  step: 0.001,
  help: 'Share of the mean of the Hessian’s diagonal that is added to the diagonal.',
});

/** @throws RecipeError where the group size does not divide the width of the matrix */
export function requireGroupsDivide(
  name: string,
  [, width]: readonly [outputs: number, inputs: number],
  groupSize: number,
): void {
  if (width % groupSize === 0) return;
  throw new RecipeError(
    `Groups of ${groupSize} do not divide the width of ${name}; choose a "groupSize" that divides ${width}.`,
  );
}

import { type ParameterField, RecipeError } from '../method';

type NumberField = Extract<ParameterField, { kind: 'number' }>;
type ChoiceField = Extract<ParameterField, { kind: 'choice' }>;

/** How many bits a weight has, of those that a method offers; labels where the number is not enough. */
export function bitsField(
  offered: readonly number[],
  initial: number,
  help = 'Codes follow each other without gaps: 32 of them take 32, 16, 12 or 8 bytes.',
  labels: Readonly<Record<number, string>> = {},
): ChoiceField {
  return {
    kind: 'choice',
    label: 'Bits',
    options: offered.map((bits) => ({ value: bits, label: labels[bits] ?? String(bits) })),
    default: initial,
    help,
  };
}

/** Weights along the input dimension that share a scale. @param more what else is to be said of it */
export function groupSizeField(
  more: string,
  { optional, startsUnset }: Pick<NumberField, 'optional' | 'startsUnset'> = {},
): NumberField {
  return {
    kind: 'number',
    label: 'Group size',
    min: 1,
    max: 4096,
    step: 1,
    default: 32,
    optional,
    startsUnset,
    unit: 'inputs',
    help: `Weights along the input dimension that share a scale; must divide the width. ${more}`,
  };
}

/** Whether codes have a zero point. @param initial symmetric to begin with */
export function rangeField(initial: boolean, more = ''): ChoiceField {
  const symmetric = { value: true, label: 'symmetric' };
  const asymmetric = { value: false, label: 'asymmetric (zero point)' };
  return {
    kind: 'choice',
    label: 'Range',
    options: initial ? [symmetric, asymmetric] : [asymmetric, symmetric],
    default: initial,
    help: `Asymmetric uses the whole range of codes where weights lean to one side${more}.`,
  };
}

/** What is added to the diagonal of a Hessian before it is inverted. */
export const DAMPING_FIELD: NumberField = {
  kind: 'number',
  label: 'Damping',
  min: 0.001,
  max: 1,
  step: 0.001,
  default: 0.01,
  help: 'Share of the mean of the Hessian’s diagonal that is added to the diagonal.',
};

/** @throws RecipeError where groups of so many inputs do not divide the matrix */
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

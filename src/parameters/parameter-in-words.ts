import type { ParameterDescription } from './describe-parameters';

/** Values that a parameter takes: "0 to 1", "1 to 4096 inputs", `8, 4, 3, 2`, or examples of a text. */
export function valuesInWords(parameter: ParameterDescription): string {
  if (parameter.kind === 'text') return `text: ${parameter.placeholder}`;
  if (parameter.kind === 'choice')
    return parameter.options.map(({ value }) => JSON.stringify(value)).join(', ');
  const { min, max, unit } = parameter;
  return `${min} to ${max}${unit ? ` ${unit}` : ''}`;
}

/** Value that a recipe has without it, as JSON; or that it is required, or optional. */
export function defaultInWords({ required, optional, default: initial }: ParameterDescription): string {
  if (required) return 'required';
  return optional ? 'optional' : JSON.stringify(initial);
}

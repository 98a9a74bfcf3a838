import type { ParameterField } from '../method';

/** The control of a seed. @param help what it fixes */
export function seedField(help: string): Extract<ParameterField, { kind: 'number' }> {
  return { kind: 'number', label: 'Seed', min: 0, max: 2 ** 31 - 1, step: 1, default: 0, help };
}

import type { ParameterField } from '../method';

type NumberField = Extract<ParameterField, { kind: 'number' }>;
type ChoiceField = Extract<ParameterField, { kind: 'choice' }>;

/** The share that goes. @param help of what */
export function sparsityField(
  help: string,
  { optional, initial = 0.5 }: { readonly optional?: boolean; readonly initial?: number } = {},
): NumberField {
  return { kind: 'number', label: 'Sparsity', min: 0, max: 1, step: 0.05, default: initial, optional, help };
}

/** Whether matrices are compared with each other. @param initial the scope to begin with, offered first */
export function scopeField(initial: 'layer' | 'global', help: string): ChoiceField {
  const layer = { value: 'layer', label: 'each matrix by itself' };
  const global = { value: 'global', label: 'one threshold for all' };
  return {
    kind: 'choice',
    label: 'Scope',
    options: initial === 'layer' ? [layer, global] : [global, layer],
    default: initial,
    help,
  };
}

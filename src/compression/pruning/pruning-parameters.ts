import { z } from 'zod';
import { parameter } from '../../parameters/parameter';

/** Share of the weights to remove, which a pattern may fix. @param initial value in a new form */
export function sparsityParameter(help: string, initial = 0.5) {
  return parameter(z.number().min(0).max(1).optional(), { label: 'Sparsity', step: 0.05, initial, help });
}

/** Scope in which weights are compared. @param initial the default, offered first */
export function scopeParameter(initial: 'layer' | 'global', help: string) {
  const scopes: ('layer' | 'global')[] = initial === 'layer' ? ['layer', 'global'] : ['global', 'layer'];
  return parameter(z.enum(scopes, { error: 'scope is "layer" or "global"' }).default(initial), {
    label: 'Scope',
    labels: { layer: 'each matrix by itself', global: 'one threshold for all' },
    help,
  });
}

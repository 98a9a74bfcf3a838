import { z } from 'zod';
import { parameter } from '../../parameters/parameter';

/** Share of the weights that goes, where a pattern may fix it. @param initial value that a form begins with */
export function sparsityParameter(help: string, initial = 0.5) {
  return parameter(z.number().min(0).max(1).optional(), { label: 'Sparsity', step: 0.05, initial, help });
}

/** Whether matrices are compared with each other. @param initial the default, offered first */
export function scopeParameter(initial: 'layer' | 'global', help: string) {
  const scopes: ('layer' | 'global')[] = initial === 'layer' ? ['layer', 'global'] : ['global', 'layer'];
  return parameter(z.enum(scopes, { error: 'scope is "layer" or "global"' }).default(initial), {
    label: 'Scope',
    labels: { layer: 'each matrix by itself', global: 'one threshold for all' },
    help,
  });
}

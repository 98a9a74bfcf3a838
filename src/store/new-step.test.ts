import { expect, test } from 'vitest';
import { METHODS } from '../compression/methods';
import type { MethodDescription } from '../lab/protocol/protocol';
import { newStep } from './recipe-actions';

test.each(METHODS.map((method) => [method.id, method] as const))(
  'the step that the page begins %s with is one that it accepts',
  (_, method) => {
    const { parameters } = newStep(method as unknown as MethodDescription);
    const parsed = method.schema.safeParse(parameters);
    expect(parsed.error?.message).toBeUndefined();
  },
);

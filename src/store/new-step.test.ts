import { expect, test } from 'vitest';
import { describeMethods } from '../compression/method-descriptions';
import { METHODS } from '../compression/methods';
import { newStep } from './recipe-actions';

test.each(describeMethods().map((method) => [method.id, method] as const))(
  '%s accepts its default step',
  (id, description) => {
    const { parameters } = newStep(description);
    const parsed = METHODS.find((method) => method.id === id)!.schema.safeParse(parameters);
    expect(parsed.error?.message).toBeUndefined();
  },
);

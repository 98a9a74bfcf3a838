import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { describeParameters } from './describe-parameters';
import { parameter } from './parameter';

const metadata = { label: 'Label', help: 'What it does.' };
const described = (schema: z.ZodType) => describeParameters(z.strictObject({ it: schema })).it;
const count = z.number().int().positive();

describe('numbers', () => {
  test('have the bounds of their schema and their unit', () => {
    const schema = parameter(z.number().min(0).max(1).default(0.5), {
      ...metadata,
      step: 0.05,
      unit: 'layers',
    });
    expect(described(schema)).toEqual({
      kind: 'number',
      ...metadata,
      min: 0,
      max: 1,
      step: 0.05,
      unit: 'layers',
      default: 0.5,
      required: false,
      optional: false,
      advanced: false,
    });
  });

  test('integers have a step of 1, and an excluded bound is one step away', () => {
    const integer = described(parameter(count.max(9).optional(), metadata));
    expect(integer).toMatchObject({ min: 1, max: 9, step: 1, optional: true });
    const open = described(parameter(z.number().positive().lt(1).default(0.5), { ...metadata, step: 0.25 }));
    expect(open).toMatchObject({ min: 0.25, max: 0.75 });
  });

  test('take narrower bounds from their metadata', () => {
    const schema = parameter(count.max(1000).default(4), { ...metadata, min: 2, max: 64 });
    expect(described(schema)).toMatchObject({ min: 2, max: 64 });
    expect(schema.parse(1000)).toBe(1000);
  });

  test('are refused without bounds or a step', () => {
    expect(() => described(parameter(count.default(1), metadata))).toThrow('"it" has no bounds');
    expect(() => described(parameter(z.number().max(1).default(1), { ...metadata, step: 1 }))).toThrow(
      'no bounds',
    );
    expect(() => described(parameter(z.number().min(0).max(1).default(1), metadata))).toThrow(
      'needs a "step"',
    );
  });
});

describe('choices', () => {
  test('are offered in the order of their schema; a value without a label is its own label', () => {
    const schema = parameter(z.literal([32, 8, 4]).default(32), {
      ...metadata,
      labels: { 32: '32 (float)' },
    });
    expect(described(schema)).toMatchObject({
      kind: 'choice',
      default: 32,
      options: [
        { value: 32, label: '32 (float)' },
        { value: 8, label: '8' },
        { value: 4, label: '4' },
      ],
    });
    const order = described(parameter(z.enum(['last', 'first']), { ...metadata, initial: 'first' }));
    expect(order).toMatchObject({
      default: 'first',
      required: true,
      options: [{ value: 'last' }, { value: 'first' }],
    });
  });

  test('of booleans are offered in the order of their labels', () => {
    const schema = parameter(z.boolean().default(true), {
      ...metadata,
      labels: { false: 'no', true: 'yes' },
    });
    expect(described(schema)).toMatchObject({
      options: [
        { value: false, label: 'no' },
        { value: true, label: 'yes' },
      ],
    });
  });
});

test('patterns and lists are text fields', () => {
  const list = z.union([z.literal('auto'), z.array(count)]).default('auto');
  const schema = parameter(list, { ...metadata, placeholder: 'auto, [2, 3]', advanced: true });
  expect(described(schema)).toEqual({
    kind: 'text',
    ...metadata,
    placeholder: 'auto, [2, 3]',
    default: 'auto',
    required: false,
    optional: false,
    advanced: true,
  });
});

test('an optional parameter is initially empty, unless its metadata has an initial value', () => {
  expect(described(parameter(count.max(9).optional(), metadata)).default).toBeUndefined();
  expect(described(parameter(count.max(9).optional(), { ...metadata, initial: 3 })).default).toBe(3);
});

test('parameters keep the order of their declaration', () => {
  const one = () => parameter(count.max(9).default(1), metadata);
  expect(Object.keys(describeParameters(z.object({ b: one(), a: one(), c: one() })))).toEqual([
    'b',
    'a',
    'c',
  ]);
});

test('an undeclared field is reported by name', () => {
  expect(() => described(z.number())).toThrow('"it" has no label; declare it by parameter(schema, …).');
});

test('metadata that does not fit the schema does not compile', () => {
  // @ts-expect-error a number has no placeholder
  parameter(count.max(9).default(1), { ...metadata, placeholder: '1' });
  // @ts-expect-error a text has no unit
  parameter(z.string().default(''), { ...metadata, placeholder: '', unit: 'steps' });
  // @ts-expect-error no such value
  parameter(z.enum(['first', 'last']).default('last'), { ...metadata, labels: { middle: 'the middle' } });
  expect(parameter(count, metadata)).toBe(count);
});

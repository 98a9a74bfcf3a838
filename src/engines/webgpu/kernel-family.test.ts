import { expect, test } from 'vitest';
import { kernelFamily } from './kernel-family';

test('each configuration is made once, whatever objects say it', () => {
  const family = kernelFamily((config: { lanes: number; bias?: boolean; name?: string }, suffix: string) => ({
    text: `${JSON.stringify(config)} ${suffix}`,
  }));
  const first = family({ lanes: 4, bias: true }, 'a');
  expect(first.text).toBe('{"lanes":4,"bias":true} a');
  expect(family({ lanes: 4, bias: true }, 'b')).toBe(first);
  expect(family({ lanes: 4, bias: true, name: undefined }, 'c')).toBe(first);
  expect(family({ lanes: 1, bias: true }, 'd').text).toBe('{"lanes":1,"bias":true} d');
});

test('values of other types, and of other members, are other configurations', () => {
  const family = kernelFamily((config: { a?: string | number | boolean; b?: string | number }) => ({
    config,
  }));
  const made = [{ a: 1 }, { a: '1' }, { b: 1 }, { a: 'b', b: 1 }, { a: true }, { a: 'true' }, {}].map(
    (config) => family(config),
  );
  expect(new Set(made).size).toBe(7);
});

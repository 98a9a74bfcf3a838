import { expect, test } from 'vitest';
import { duplicateKey } from './duplicate-key';

test.each([
  ['{}', undefined],
  ['{"a":1,"b":2}', undefined],
  ['{"a":1,"b":2,"a":3}', 'a'],
  ['{"a":{"x":1},"b":{"x":1}}', undefined],
  ['{"a":["b","b"],"b":"a"}', undefined],
  ['{"a":[{"b":1},{"c":[]}],"c":1}', undefined],
  [String.raw`{"a\"b":1,"a\\":2,"a\"b":3}`, 'a"b'],
  [String.raw`{"\u0061":1,"a":3}`, 'a'],
  ['{"a":"}{\\",","a" : 1}', 'a'],
])('%s', (json, expected) => {
  JSON.parse(json);
  expect(duplicateKey(json)).toBe(expected);
});

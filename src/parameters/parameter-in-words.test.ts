import { expect, test } from 'vitest';
import { z } from 'zod';
import { describeParameters } from './describe-parameters';
import { parameter } from './parameter';
import { defaultInWords, valuesInWords } from './parameter-in-words';

const said = { label: 'Label', help: 'What it does.' };
const count = z.number().int().positive().max(9);

test.each([
  [parameter(count.default(3), { ...said, unit: 'inputs' }), '1 to 9 inputs', '3'],
  [parameter(count.optional(), { ...said, initial: 3 }), '1 to 9', 'optional'],
  [parameter(z.enum(['first', 'last']), { ...said, initial: 'last' }), '"first", "last"', 'required'],
  [parameter(z.literal([8, 4]).default(8), said), '8, 4', '8'],
  [parameter(z.string().default('2:4'), { ...said, placeholder: '2:4, 4:8' }), 'text: 2:4, 4:8', '"2:4"'],
])('parameter %#', (schema, values, initial) => {
  const { it } = describeParameters(z.object({ it: schema }));
  expect(valuesInWords(it)).toBe(values);
  expect(defaultInWords(it)).toBe(initial);
});

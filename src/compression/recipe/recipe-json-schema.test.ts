import { expect, test } from 'vitest';
import { METHODS } from '../methods';
import { recipeJsonSchema } from './recipe-json-schema';

const schema = recipeJsonSchema(METHODS);

/** The part of the schema that describes a step of a method. */
function stepOf(id: string): unknown {
  const { oneOf } = (schema as { properties: { steps: { items: { oneOf: { properties: object }[] } } } })
    .properties.steps.items;
  return oneOf.find(({ properties }) => JSON.stringify(properties).includes(`"const":"${id}"`));
}

test('a step has the parameters of its method, with their labels and bounds', () => {
  expect(stepOf('low-rank')).toMatchObject({
    required: ['method', 'targets'],
    additionalProperties: false,
    properties: {
      method: { const: 'low-rank' },
      parameters: {
        additionalProperties: false,
        properties: {
          rank: { type: 'integer', exclusiveMinimum: 0, title: 'Rank' },
          parametersKept: { type: 'number', exclusiveMinimum: 0, maximum: 1, title: 'Parameters kept' },
        },
      },
    },
  });
  expect(JSON.stringify(schema)).not.toContain(String(Number.MAX_SAFE_INTEGER));
});

test('parameters may be left out unless one of them has no default', () => {
  expect(stepOf('layer-truncation')).toMatchObject({
    required: ['method', 'targets', 'parameters'],
    properties: { parameters: { required: ['keep'] } },
  });
});

test('there is a step for every method', () => {
  for (const { id } of METHODS) expect(stepOf(id), id).toBeDefined();
});

import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { CompressionMethod } from '../method';
import { checkRecipe, parseRecipeText } from './recipe';

const method = {
  id: 'halve',
  schema: z.strictObject({ share: z.number().min(0).max(1) }),
} as unknown as CompressionMethod;

const step = { method: 'halve', targets: ['Linear'], parameters: { share: 0.5 } };

describe('checkRecipe', () => {
  test('fills in defaults', () => {
    const recipe = checkRecipe({ name: ' half ', steps: [step] }, [method]);
    expect(recipe).toEqual({
      name: 'half',
      steps: [{ method, targets: ['Linear'], ignore: [], parameters: { share: 0.5 } }],
    });
  });

  test.each([
    [
      { name: 'a', steps: [step], stages: [] },
      'The recipe has the unknown key "stages"; the keys are name, calibration, training, sensitivities, steps.',
    ],
    [
      { name: 'a', steps: [{ ...step, target: 1 }] },
      'unknown key "target"; the keys are method, targets, ignore, parameters, training.',
    ],
    [
      { name: 'a', steps: [{ ...step, parameters: { shaer: 1, share: 1 } }] },
      'Step 1 (halve): "parameters" has the unknown key "shaer"; the keys are share.',
    ],
    [
      { name: 'a', steps: [{ ...step, parameters: { share: 3 } }] },
      'Step 1 (halve): "parameters", at share, is not right: Too big',
    ],
    [
      { name: 'a', steps: [{ ...step, method: 'melt' }] },
      'Step 1 names the method "melt", which does not exist; there are halve.',
    ],
    [{ name: 'a', steps: [] }, 'The recipe, at steps, is not right'],
    [{ name: 'a', steps: [{ ...step, targets: [] }] }, 'at step 1 targets'],
    [[1], 'The recipe is not right'],
    [null, 'The recipe is not right'],
  ])('%j is refused in one sentence', (json, message) => {
    expect(() => checkRecipe(json, [method])).toThrow(message);
  });

  test('text that is not JSON names the file', () => {
    expect(() => parseRecipeText('{name', 'mine.json')).toThrow('mine.json is not JSON');
  });
});

import { expect, test } from 'vitest';
import { recipeSchema } from '../compression/recipe/recipe-schema';
import { readDraft } from './recipe-draft';
import { PRESETS } from './recipe-actions';

const step = { method: 'low-rank', targets: ['Linear'], ignore: [], parameters: {} };

test('values that a form needs and a file omits get defaults', () => {
  const calibration = { text: 'tales.txt' };
  const training = { text: 'tales.txt' };
  expect(readDraft({ calibration, training, steps: [{ method: 'low-rank', training }] })).toEqual({
    name: 'My recipe',
    calibration: { text: 'tales.txt', sequences: 64, length: 128, seed: 0 },
    training: { text: 'tales.txt', heldOutShare: 0.02, seed: 0 },
    steps: [{ ...step, training: { text: 'tales.txt', heldOutShare: 0.02, seed: 0 } }],
  });
});

test("unknown keys and values out of bounds stay for the lab's check to name", () => {
  const written = {
    name: '',
    stages: [],
    calibration: { text: '', sequences: 0.5, length: -1, seed: 0, words: 3 },
    steps: [{ ...step, targets: [], ignored: ['wte'] }],
  };
  expect(readDraft(written)).toEqual(written);
  expect(readDraft({ name: 'nothing yet', steps: [] })).toEqual({ name: 'nothing yet', steps: [] });
});

test('the name of a sensitivities file stays until a profile is loaded', () => {
  const named = { name: 'by share', sensitivities: 'sensitivities.json', steps: [step] };
  expect(readDraft(named)).toEqual(named);
});

test.each([
  [null, 'Invalid input'],
  [{ name: 'x' }, 'at steps: '],
  [{ steps: [null] }, 'at steps 0: '],
  [{ steps: [{ method: 'low-rank', targets: 'Linear' }] }, 'at steps 0 targets: targets are a list of names'],
  [{ steps: [step], calibration: { text: 3 } }, 'at calibration text: '],
])('%j cannot be rendered as a form', (json, message) => {
  expect(() => readDraft(json)).toThrow(message);
});

test.each(PRESETS.map((preset) => [preset.name, preset] as const))('%s is a recipe', (_, preset) => {
  expect(recipeSchema.parse(preset)).toEqual(preset);
  expect(readDraft(preset)).toEqual(preset);
});

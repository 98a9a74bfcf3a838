import { expect, test } from 'vitest';
import type { Model } from '../../model/model';
import { fineTuning } from '../../train/fine-tuning-objective';
import { distillationFields, distillationParameters, objectiveOf } from './distillation-fields';

const NOTHING = { distillationWeight: 0, temperature: 1, hiddenWeight: 0, attentionWeight: 0 };

test('the base is asked where any of the weights is above 0, and only there', () => {
  const teacher = {} as Model;
  expect(objectiveOf(teacher, NOTHING)).toBe(fineTuning);
  for (const weight of ['distillationWeight', 'hiddenWeight', 'attentionWeight']) {
    const objective = objectiveOf(teacher, { ...NOTHING, [weight]: 0.5 });
    expect(objective.prepare).toBeInstanceOf(Function);
  }
});

test('what a control begins with is what a recipe without the parameter has', () => {
  const defaults = { hiddenWeight: 0.1 };
  const parameters = distillationParameters(defaults);
  for (const [name, field] of Object.entries(distillationFields(defaults)))
    expect(parameters[name as keyof typeof parameters].parse(undefined)).toBe(field.default);
});

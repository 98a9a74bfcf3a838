import { expect, test } from 'vitest';
import type { Model } from '../../model/model';
import { fineTuning } from '../../train/fine-tuning-objective';
import { objectiveOf } from './distillation-parameters';

const NOTHING = { distillationWeight: 0, temperature: 1, hiddenWeight: 0, attentionWeight: 0 };

test('the base is needed exactly where one of the weights is above 0', () => {
  const teacher = {} as Model;
  expect(objectiveOf(teacher, NOTHING)).toBe(fineTuning);
  for (const weight of ['distillationWeight', 'hiddenWeight', 'attentionWeight']) {
    const objective = objectiveOf(teacher, { ...NOTHING, [weight]: 0.5 });
    expect(objective.prepare).toBeInstanceOf(Function);
  }
});

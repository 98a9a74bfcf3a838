import { expect, test } from 'vitest';
import type { TrainingRun, VariantRow } from '../../store/lab-state';
import { variantCurves } from './variant-curves';

const losses = [
  { step: 0, tokens: 0, loss: 4 },
  { step: 5, tokens: 80, loss: 3 },
];
const record = (recipeStep: number, heldOutLosses = losses) => ({
  recipeStep,
  stepsMade: 5,
  steps: 5,
  tokens: 80,
  tokensPerSecond: 10,
  bestStep: 5,
  heldOutLosses,
  trainingLosses: [],
});
const row = (name: string, training?: VariantRow['training']) => ({ name, training }) as VariantRow;
const run: TrainingRun = {
  name: 'third',
  points: [{ step: 2, steps: 9, tokens: 32, tokensPerSecond: 1, learningRate: 1, heldOutLoss: 2 }],
  notes: [],
  status: 'running',
};

test('one curve for each training step, in the colour of its row, and one for the current run', () => {
  const rows = [row('base'), row('first', [record(1)]), row('second', [record(0), record(2)])];
  expect(variantCurves(rows, run).map(({ name, index }) => [name, index])).toEqual([
    ['first', 1],
    ['second, step 1', 2],
    ['second, step 3', 2],
    ['third, in progress', 3],
  ]);
  expect(variantCurves(rows, { ...run, status: 'ended' })).toHaveLength(3);
});

test('training without held-out data has no curve', () => {
  expect(variantCurves([row('first', [record(1, [])])])).toEqual([]);
});

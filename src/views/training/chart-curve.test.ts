import { expect, test } from 'vitest';
import { chartCurve } from './chart-curve';

test('losses of one step share a point; points are in order of steps', () => {
  const at = (step: number, loss: number) => ({ step, tokens: 8 * step, loss });
  expect(
    chartCurve({ trainingLosses: [at(3, 1), at(6, 4)], heldOutLosses: [at(0, 9), at(3, 12), at(4, 13)] }),
  ).toEqual([
    { step: 0, heldOut: 9 },
    { step: 3, training: 1, heldOut: 12 },
    { step: 4, heldOut: 13 },
    { step: 6, training: 4 },
  ]);
});

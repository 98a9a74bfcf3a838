import type { TrainingPoint } from '../../lab/protocol';

/** A place of the chart; a loss that was not measured there is absent. */
export interface CurvePlace {
  readonly step: number;
  readonly training?: number;
  readonly heldOut?: number;
}

/** More lie on one pixel, and take long to draw. */
const MOST_PLACES = 240;

/** A curve for drawing: of many training losses the mean of each stretch of steps, every held-out loss. */
export function chartCurve(points: readonly TrainingPoint[], most = MOST_PLACES): CurvePlace[] {
  const training = points.filter(({ trainingLoss }) => trainingLoss !== undefined);
  const size = Math.max(1, Math.ceil(training.length / most));
  const places = new Map<number, CurvePlace>();
  for (let start = 0; start < training.length; start += size) {
    const stretch = training.slice(start, start + size);
    const { step } = stretch.at(-1)!;
    const sum = stretch.reduce((total, { trainingLoss }) => total + trainingLoss!, 0);
    places.set(step, { step, training: sum / stretch.length });
  }
  for (const { step, heldOutLoss } of points)
    if (heldOutLoss !== undefined) places.set(step, { ...places.get(step), step, heldOut: heldOutLoss });
  return [...places.values()].sort((left, right) => left.step - right.step);
}

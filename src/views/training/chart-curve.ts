import type { TrainingRecord } from '../../lab/protocol/protocol';

/** A place of the chart; a loss that was not measured there is absent. */
export interface CurvePlace {
  readonly step: number;
  readonly training?: number;
  readonly heldOut?: number;
}

/** Both losses of a run by their steps, in order. */
export function chartCurve({
  trainingLosses,
  heldOutLosses,
}: Pick<TrainingRecord, 'trainingLosses' | 'heldOutLosses'>): CurvePlace[] {
  const places = new Map<number, CurvePlace>();
  for (const { step, loss } of trainingLosses) places.set(step, { step, training: loss });
  for (const { step, loss } of heldOutLosses)
    places.set(step, { ...places.get(step), step, heldOut: loss });
  return [...places.values()].sort((left, right) => left.step - right.step);
}

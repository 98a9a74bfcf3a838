import type { TrainingRecord } from '../../lab/protocol/protocol';

/** Data of the chart at one step; a loss that was not measured there is absent. */
export interface CurvePoint {
  readonly step: number;
  readonly training?: number;
  readonly heldOut?: number;
}

/** Merges a run's training and held-out losses by step, in order. */
export function chartCurve({
  trainingLosses,
  heldOutLosses,
}: Pick<TrainingRecord, 'trainingLosses' | 'heldOutLosses'>): CurvePoint[] {
  const points = new Map<number, CurvePoint>();
  for (const { step, loss } of trainingLosses) points.set(step, { step, training: loss });
  for (const { step, loss } of heldOutLosses)
    points.set(step, { ...points.get(step), step, heldOut: loss });
  return [...points.values()].sort((left, right) => left.step - right.step);
}

import type { TrainingPoint } from '../lab/protocol/protocol';
import { startsNewRun } from '../lab/report/training-record';

/** Maximum number of points of a run; a chart has fewer pixels. */
export const MAX_POINTS = 2000;

/**
 * Appends points to a curve. A curve over the maximum loses every other training loss; held-out losses are thinned only
 * if they alone exceed it. Another run (the recipe's next training step) begins a new curve.
 */
export function withPoints(
  curve: readonly TrainingPoint[],
  points: readonly TrainingPoint[],
  maximum = MAX_POINTS,
): TrainingPoint[] {
  let result: TrainingPoint[] = [...curve];
  for (const point of points) {
    const last = result.at(-1);
    if (last && startsNewRun(last, point)) result = [];
    result.push(point);
    if (result.length > maximum) result = thinned(result, maximum);
  }
  return result;
}

function thinned(curve: readonly TrainingPoint[], maximum: number): TrainingPoint[] {
  const isEven = (index: number) => (curve.length - 1 - index) % 2 === 0;
  const kept = curve.filter(({ heldOutLoss }, index) => heldOutLoss !== undefined || isEven(index));
  return kept.length <= maximum ? kept : curve.filter((_, index) => isEven(index));
}

/** Estimated seconds to the end of a run at the measured rate; undefined before there is one. */
export function secondsLeft({ step, steps, tokens, tokensPerSecond }: TrainingPoint): number | undefined {
  if (!(tokens > 0 && step > 0 && tokensPerSecond > 0)) return undefined;
  return ((steps - step) * (tokens / step)) / tokensPerSecond;
}

import type { TrainingPoint } from '../lab/protocol/protocol';
import { beginsAnother } from '../lab/report/training-record';

/** Points that are kept of a run; a chart has fewer pixels. */
export const MOST_POINTS = 2000;

/**
 * A curve with further points; where it grows too long, every other point of the training loss goes, and of the held-out loss
 * only where these alone are too many. Another run (a recipe's next step that trains) begins a new curve.
 */
export function withPoints(
  curve: readonly TrainingPoint[],
  points: readonly TrainingPoint[],
  most = MOST_POINTS,
): TrainingPoint[] {
  let result: TrainingPoint[] = [...curve];
  for (const point of points) {
    const last = result.at(-1);
    if (last && beginsAnother(last, point)) result = [];
    result.push(point);
    if (result.length > most) result = thinned(result, most);
  }
  return result;
}

function thinned(curve: readonly TrainingPoint[], most: number): TrainingPoint[] {
  const isEven = (index: number) => (curve.length - 1 - index) % 2 === 0;
  const kept = curve.filter(({ heldOutLoss }, index) => heldOutLoss !== undefined || isEven(index));
  return kept.length <= most ? kept : curve.filter((_, index) => isEven(index));
}

/** Seconds that the rest of a run takes at the rate that was measured; undefined before there is one. */
export function secondsLeft({ step, steps, tokens, tokensPerSecond }: TrainingPoint): number | undefined {
  if (!(tokens > 0 && step > 0 && tokensPerSecond > 0)) return undefined;
  return ((steps - step) * (tokens / step)) / tokensPerSecond;
}

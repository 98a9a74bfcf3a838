import type { TrainingPoint } from './protocol';

const MILLISECONDS_BETWEEN_POINTS = 100;

/** Passes on a point of a curve every so often, and always one with a held-out loss or a note, or the last. */
export function throttlePoints(report: (point: TrainingPoint) => unknown): (point: TrainingPoint) => void {
  let last = -Infinity;
  return (point) => {
    const now = performance.now();
    const matters = point.heldOutLoss !== undefined || point.note !== undefined || point.step === point.steps;
    if (!matters && now - last < MILLISECONDS_BETWEEN_POINTS) return;
    last = now;
    report(point);
  };
}

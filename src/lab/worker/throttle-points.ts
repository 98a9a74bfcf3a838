import type { TrainingPoint } from '../protocol/protocol';

const MILLISECONDS_BETWEEN_POINTS = 100;
/** Of a curve that is told at once, as that of a run which is taken up again is. */
const POINTS_OF_CURVE = 400;

/**
 * Passes on a point of a curve every so often, by time or by steps, and always one with a held-out loss or a note, or the
 * last.
 */
export function throttlePoints(report: (point: TrainingPoint) => unknown): (point: TrainingPoint) => void {
  let lastTime = -Infinity;
  let lastStep = -Infinity;
  return (point) => {
    const now = performance.now();
    const { step, steps } = point;
    const matters = point.heldOutLoss !== undefined || point.note !== undefined || step === steps;
    const isFar = step < lastStep || step - lastStep > steps / POINTS_OF_CURVE;
    if (!matters && !isFar && now - lastTime < MILLISECONDS_BETWEEN_POINTS) return;
    lastTime = now;
    lastStep = step;
    report(point);
  };
}

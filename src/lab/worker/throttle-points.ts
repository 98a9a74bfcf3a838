import type { TrainingPoint } from '../protocol/protocol';

const MILLISECONDS_BETWEEN_POINTS = 100;
/** Maximum number of points of a curve that arrives at once, such as a replayed one. */
const POINTS_OF_CURVE = 400;

/** Passes on points at intervals of time or steps, and always those with a held-out loss or a note, and the last. */
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

import type { Progress } from '../protocol/protocol';

/** The page redraws a progress bar so often at most; more messages only keep its thread busy. */
const MILLISECONDS_BETWEEN_REPORTS = 80;

/** Passes on a progress report every so often, and always one with another label or the last of an operation. */
export function throttleProgress(report: (progress: Progress) => unknown): (progress: Progress) => void {
  let last = -Infinity;
  let label = '';
  return (progress) => {
    const now = performance.now();
    const isDue = now - last >= MILLISECONDS_BETWEEN_REPORTS || progress.label !== label;
    if (!isDue && progress.done < progress.total) return;
    last = now;
    label = progress.label;
    report(progress);
  };
}

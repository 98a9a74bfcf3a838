import type { Progress } from '../protocol/protocol';

/** Minimum interval between redraws of a progress bar; more messages only load the page's thread. */
const MILLISECONDS_BETWEEN_REPORTS = 80;

/** Passes on progress reports at intervals, and always one with a new label and the last of an operation. */
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

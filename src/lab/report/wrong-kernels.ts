import type { KernelCheckResult } from '../protocol/protocol';

/** Named in the sentence; of more, their number. */
const MOST_NAMES = 4;

/** What is to be said of kernels that a device computes wrong; undefined where there are none. */
export function describeWrongKernels(results: readonly KernelCheckResult[]): string | undefined {
  const wrong = results.filter(({ passed }) => !passed);
  if (wrong.length === 0) return undefined;
  const named = wrong.slice(0, MOST_NAMES).map(({ name, problem, error }) => {
    const reason = problem?.split('\n')[0] ?? `off by ${((error ?? Infinity) * 100).toPrecision(2)} %`;
    return `${name} (${reason})`;
  });
  const others = wrong.length > MOST_NAMES ? `; and ${wrong.length - MOST_NAMES} more` : '';
  return (
    `This device computes ${wrong.length} of ${results.length} kernels wrong: ${named.join('; ')}${others}. ` +
    'Figures that rest on them cannot be trusted; update the graphics driver, or use another browser.'
  );
}

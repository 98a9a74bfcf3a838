import type { KernelCheckResult } from '../protocol/protocol';

/** Maximum number of kernels named in the message; the rest are counted. */
const MAX_NAMES = 4;

/** Describes failed kernel checks in a message; undefined if all passed. */
export function describeWrongKernels(results: readonly KernelCheckResult[]): string | undefined {
  const wrong = results.filter(({ passed }) => !passed);
  if (wrong.length === 0) return undefined;
  const named = wrong.slice(0, MAX_NAMES).map(({ name, problem, error }) => {
    const reason = problem?.split('\n')[0] ?? `off by ${((error ?? Infinity) * 100).toPrecision(2)} %`;
    return `${name} (${reason})`;
  });
  const others = wrong.length > MAX_NAMES ? `; and ${wrong.length - MAX_NAMES} more` : '';
  return (
    `This device computes ${wrong.length} of ${results.length} kernels incorrectly: ${named.join('; ')}${others}. ` +
    'Figures that depend on them are unreliable; update the graphics driver, or use another browser.'
  );
}

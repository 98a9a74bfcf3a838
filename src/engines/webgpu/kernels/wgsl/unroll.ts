/**
 * Unrolls lines of WGSL: every line with `$` is repeated `count` times, with `$` replaced by 0, 1, 2 and so on. Many drivers
 * keep a private array indexed by a loop in memory, but separate variables in registers.
 */
export function unrollLines(source: string, count: number): string {
  const repeat = (line: string) =>
    Array.from({ length: count }, (_, index) => line.replaceAll('$', String(index)));
  return source
    .split('\n')
    .flatMap((line) => (line.includes('$') ? repeat(line) : [line]))
    .join('\n');
}

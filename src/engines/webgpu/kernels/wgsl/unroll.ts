/**
 * Writes a loop out: every line of WGSL that holds `$` stands `count` times, with `$` as 0, 1, 2 and so on. A private
 * array that is indexed by a loop lies in memory on many drivers; variables with names of their own lie in registers.
 */
export function unrollLines(source: string, count: number): string {
  const repeat = (line: string) =>
    Array.from({ length: count }, (_, index) => line.replaceAll('$', String(index)));
  return source
    .split('\n')
    .flatMap((line) => (line.includes('$') ? repeat(line) : [line]))
    .join('\n');
}

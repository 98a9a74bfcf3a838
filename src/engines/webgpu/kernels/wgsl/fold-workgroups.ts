/**
 * Folds a number of workgroups into x and y, for a limit per dimension. There may be a few more than requested; the kernel
 * numbers them `y · num_workgroups.x + x` and returns past the end.
 */
export function foldWorkgroups(count: number, limit: number): [x: number, y: number] {
  const y = Math.ceil(count / limit);
  return y === 0 ? [0, 0] : [Math.ceil(count / y), y];
}

/**
 * Workgroups in x and y for so many in a row, where a device allows only `limit` a dimension. There may be a few more
 * than asked for; the kernel numbers them `y · num_workgroups.x + x` and lets those past the end return.
 */
export function foldWorkgroups(count: number, limit: number): [x: number, y: number] {
  const y = Math.ceil(count / limit);
  return y === 0 ? [0, 0] : [Math.ceil(count / y), y];
}

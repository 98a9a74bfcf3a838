/**
 * Kernels that walk along a matrix's width read four values at once where the width allows it. The same WGSL serves
 * both: it is written over `Lane`, and `horizontal` sums one.
 */
const FOUR_LANES =
  'alias Lane = vec4f;\nfn horizontal(lane: Lane) -> f32 { return lane.x + lane.y + lane.z + lane.w; }';
const ONE_LANE = 'alias Lane = f32;\nfn horizontal(lane: Lane) -> f32 { return lane; }';

/** Values of a lane for rows of this width: 4 or 1. */
export function laneWidth(width: number): 4 | 1 {
  return width % 4 === 0 ? 4 : 1;
}

/** WGSL text with `Lane` and `horizontal` defined for rows of this width. */
export function withLanes(source: string, width: number): string {
  return `${laneWidth(width) === 4 ? FOUR_LANES : ONE_LANE}\n${source}`;
}

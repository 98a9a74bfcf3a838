/**
 * Kernels that walk along a matrix's width read four values at once where the width allows it. The same WGSL serves
 * both: it is written over `Lane`, of `LANE_COLUMNS` values, and `horizontal` sums one.
 */
const SOURCE = {
  4: `alias Lane = vec4f;
const LANE_COLUMNS = 4u;
fn horizontal(lane: Lane) -> f32 { return lane.x + lane.y + lane.z + lane.w; }`,
  1: `alias Lane = f32;
const LANE_COLUMNS = 1u;
fn horizontal(lane: Lane) -> f32 { return lane; }`,
} as const;

/** Values of a lane. */
export type LaneWidth = keyof typeof SOURCE;

/** Values of a lane for rows of this width: 4 or 1. */
export function laneWidth(width: number): LaneWidth {
  return width % 4 === 0 ? 4 : 1;
}

/** WGSL of `Lane`, `LANE_COLUMNS` and `horizontal`. */
export function lanesSource(lane: LaneWidth): string {
  return SOURCE[lane];
}

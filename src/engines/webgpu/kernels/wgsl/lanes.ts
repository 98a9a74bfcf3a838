/**
 * Lanes of four values, or of one if the width is not a multiple of four. The same WGSL serves both: it uses `Lane`, of
 * `LANE_COLUMNS` values, and `horizontal`, the sum of a lane.
 */
const SOURCE = {
  4: `alias Lane = vec4f;
const LANE_COLUMNS = 4u;
fn horizontal(lane: Lane) -> f32 { return lane.x + lane.y + lane.z + lane.w; }`,
  1: `alias Lane = f32;
const LANE_COLUMNS = 1u;
fn horizontal(lane: Lane) -> f32 { return lane; }`,
} as const;

/** Values per lane. */
export type LaneWidth = keyof typeof SOURCE;

/** Values per lane for rows of this width: 4 or 1. */
export function laneWidth(width: number): LaneWidth {
  return width % 4 === 0 ? 4 : 1;
}

/** WGSL of `Lane`, `LANE_COLUMNS` and `horizontal`. */
export function lanesSource(lane: LaneWidth): string {
  return SOURCE[lane];
}

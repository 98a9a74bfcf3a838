import type { KernelProfile } from '../wgsl/kernel-profile';
import { type Operand, type PairAxis, readingOf } from './tensor-contraction-operand';

/** Work of one invocation of a contraction, and what a subgroup shares. */
export interface ContractionTile {
  readonly rows: number;
  readonly positions: number;
  /** Lanes of a subgroup that cooperate; 1 if they share nothing. */
  readonly lanes: number;
  /** Operand whose tile the lanes read together and exchange, while each has its own tile of the other. */
  readonly shared?: Operand['name'];
}

/** Properties of a contraction that determine its tile. */
export interface ContractionSizes {
  readonly factor: Operand;
  readonly x: Operand;
  readonly rows: number;
  readonly columns: number;
  /** Groups times columns. */
  readonly positions: number;
  /** Location of rows and positions in the result. */
  readonly yRow: PairAxis;
  readonly yPosition: PairAxis;
}

/**
 * Nanoseconds for one SwiftShader subgroup (4 lanes, one core of the machine used for measuring). Only their ratios matter:
 * whether reading, arithmetic or writing limits a tile. `tile` is the fixed cost of a tile, mostly the first uncached reads.
 */
const SOFTWARE_TIME = {
  quadRead: 28,
  scalarRead: 11,
  broadcast: 11,
  multiplication: 1.1,
  loop: 10,
  write: 25,
  tile: 1500,
  dispatch: 15_000,
} as const;
/** Units that run in parallel; more of them share the time. */
const SOFTWARE_UNITS = 2;

const MOST_SUMS = 128;
const MEMBERS = [1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 16] as const;

/** Invocations that keep a GPU busy; with fewer, tiles shrink. */
const HARDWARE_INVOCATIONS = 8192;
const HARDWARE_TILES = [
  [4, 4],
  [2, 4],
  [1, 4],
  [1, 1],
] as const;

/** Cost of starting a kernel on a GPU, in multiplications. */
const HARDWARE_DISPATCH = 1_000_000;

/** The fastest tile for the device of this profile. */
export function contractionTile(sizes: ContractionSizes, profile: KernelProfile): ContractionTile {
  if (profile.name !== 'software') return hardwareTile(sizes);
  let best: ContractionTile | undefined;
  let least = Infinity;
  for (const tile of softwareTiles(profile.subgroupLanes)) {
    const time = softwareTime(sizes, tile);
    if (time < least) [best, least] = [tile, time];
  }
  return best!;
}

function hardwareTile({ rows, positions }: ContractionSizes): ContractionTile {
  const fitting = HARDWARE_TILES.find(
    ([tileRows, tilePositions]) =>
      Math.ceil(rows / tileRows) * Math.ceil(positions / tilePositions) >= HARDWARE_INVOCATIONS,
  );
  const [tileRows, tilePositions] = fitting ?? [1, 1];
  return { rows: tileRows, positions: tilePositions, lanes: 1 };
}

function softwareTiles(lanes: number | undefined): ContractionTile[] {
  const tiles: ContractionTile[] = [];
  for (const rows of MEMBERS) {
    for (const positions of MEMBERS) {
      if (rows * positions > MOST_SUMS) continue;
      tiles.push({ rows, positions, lanes: 1 });
      if (lanes !== 4) continue;
      if (rows > 1) tiles.push({ rows, positions, lanes, shared: 'factor' });
      if (positions > 1) tiles.push({ rows, positions, lanes, shared: 'x' });
    }
  }
  return tiles;
}

/** Estimated nanoseconds of the whole contraction. */
export function softwareTime(sizes: ContractionSizes, tile: ContractionTile): number {
  const { terms } = sizes.factor;
  const step =
    readTime(sizes.factor, tile.rows, tile) +
    readTime(sizes.x, tile.positions, tile) +
    4 * SOFTWARE_TIME.multiplication * tile.rows * tile.positions +
    SOFTWARE_TIME.loop;
  const unit =
    terms.outer * Math.ceil(terms.inner / 4) * step +
    SOFTWARE_TIME.write * tile.rows * tile.positions +
    SOFTWARE_TIME.tile;
  return (
    SOFTWARE_TIME.dispatch +
    unit * Math.ceil(invocationsOf(tile, sizes.rows, sizes.positions) / (4 * SOFTWARE_UNITS))
  );
}

/** Estimated time on a GPU, proportional to the multiplications. */
export function hardwareTime({ factor, rows, positions }: ContractionSizes): number {
  return HARDWARE_DISPATCH + rows * positions * factor.terms.outer * factor.terms.inner;
}

/** Number of invocations that cover all rows and positions. */
export function invocationsOf(tile: ContractionTile, rows: number, positions: number): number {
  const rowTiles = Math.ceil(rows / tile.rows);
  const positionTiles = Math.ceil(positions / tile.positions);
  if (tile.shared === 'factor') return rowTiles * Math.ceil(positionTiles / tile.lanes) * tile.lanes;
  if (tile.shared === 'x') return Math.ceil(rowTiles / tile.lanes) * tile.lanes * positionTiles;
  return rowTiles * positionTiles;
}

function readTime(operand: Operand, members: number, tile: ContractionTile): number {
  const quad =
    readingOf(operand, members) === 'scalars' ? 4 * SOFTWARE_TIME.scalarRead : SOFTWARE_TIME.quadRead;
  return tile.shared === operand.name
    ? Math.ceil(members / tile.lanes) * quad + members * SOFTWARE_TIME.broadcast
    : members * quad;
}

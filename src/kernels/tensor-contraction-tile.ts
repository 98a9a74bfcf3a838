import type { KernelProfile } from './kernel-profile';
import { type Operand, readingOf } from './tensor-contraction-operand';

/** What one invocation makes of a contraction, and what a subgroup shares. */
export interface ContractionTile {
  readonly rows: number;
  readonly positions: number;
  /** Lanes of a subgroup that work side by side; 1 where they share nothing. */
  readonly lanes: number;
  /** The operand whose tile the lanes read together and hand round, each lane with a tile of its own of the other one. */
  readonly shared?: Operand['name'];
}

/** What the choice of a tile looks at. */
export interface ContractionSizes {
  readonly factor: Operand;
  readonly x: Operand;
  readonly rows: number;
  readonly positions: number;
  /** Whether rows (columns) of the result are written four at a time. */
  readonly writesRows: boolean;
  readonly writesColumns: boolean;
}

/**
 * Nanoseconds of one subgroup of SwiftShader (4 lanes, one core of the machine it was measured on). Only their ratios matter
 * here: whether reading, arithmetic or writing bounds a tile.
 */
const SOFTWARE_TIME = {
  quadRead: 50,
  scalarRead: 20,
  broadcast: 20,
  multiplication: 2,
  loop: 20,
  quadWrite: 60,
  scalarWrite: 25,
  tile: 400,
} as const;
/** Units that run at once; more of them than this share the time. */
const SOFTWARE_UNITS = 2;

const MOST_SUMS = 128;
const MEMBERS = [1, 2, 3, 4, 6, 8, 12, 16] as const;

/** Invocations that keep a GPU busy; tiles shrink where there are fewer. */
const HARDWARE_INVOCATIONS = 8192;
const HARDWARE_TILES = [
  [4, 4],
  [2, 4],
  [1, 4],
  [1, 1],
] as const;

/** The tile that takes the least time on the device of this profile. */
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
      if (rows % lanes === 0) tiles.push({ rows, positions, lanes, shared: 'factor' });
      if (positions % lanes === 0) tiles.push({ rows, positions, lanes, shared: 'x' });
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
  const inQuads =
    (sizes.writesRows && tile.rows % 4 === 0) || (sizes.writesColumns && tile.positions % 4 === 0);
  const write = inQuads ? SOFTWARE_TIME.quadWrite / 4 : SOFTWARE_TIME.scalarWrite;
  const unit =
    terms.outer * Math.ceil(terms.inner / 4) * step + write * tile.rows * tile.positions + SOFTWARE_TIME.tile;
  return unit * Math.ceil(unitsOf(sizes, tile) / SOFTWARE_UNITS);
}

function readTime(operand: Operand, members: number, tile: ContractionTile): number {
  const quad =
    readingOf(operand, members) === 'scalars' ? 4 * SOFTWARE_TIME.scalarRead : SOFTWARE_TIME.quadRead;
  return tile.shared === operand.name
    ? members * (quad / tile.lanes + SOFTWARE_TIME.broadcast)
    : members * quad;
}

/** Subgroups of `lanes` invocations, at least four, that cover rows and positions. */
function unitsOf({ rows, positions }: ContractionSizes, tile: ContractionTile): number {
  const rowTiles = Math.ceil(rows / tile.rows);
  const positionTiles = Math.ceil(positions / tile.positions);
  if (tile.shared === 'factor') return rowTiles * Math.ceil(positionTiles / tile.lanes);
  if (tile.shared === 'x') return Math.ceil(rowTiles / tile.lanes) * positionTiles;
  return Math.ceil((rowTiles * positionTiles) / 4);
}

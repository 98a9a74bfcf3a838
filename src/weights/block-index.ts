import type { SlotWalk } from './packed-values';

type Shape = readonly [rows: number, columns: number];

/**
 * Index of the stored blocks of a matrix (block compressed sparse rows). Each row stores the columns of its block row's
 * blocks contiguously, padded to a multiple of four slots.
 */
export interface BlockIndex {
  /** Cumulative counts before each block row and at the end: of blocks, and of slots divided by four. */
  readonly blockRows: Uint32Array;
  /** Column of each block in the grid. */
  readonly blockColumns: Uint32Array;
}

/** Number of blocks that cover a matrix, down and across; those at the edges may be smaller. */
export function blockGrid([rows, columns]: Shape, [blockRows, blockColumns]: Shape): Shape {
  return [Math.ceil(rows / blockRows), Math.ceil(columns / blockColumns)];
}

/** Whether a mask keeps any weight of each block, in row-major order of the grid. */
export function keptBlocks(mask: Float32Array, [rows, columns]: Shape, block: Shape): boolean[] {
  const [down, across] = blockGrid([rows, columns], block);
  const kept = Array<boolean>(down * across).fill(false);
  mask.forEach((value, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    if (value) kept[Math.floor(row / block[0]) * across + Math.floor(column / block[1])] = true;
  });
  return kept;
}

/** @param kept whether each block is stored, in row-major order of the grid */
export function indexOfBlocks(shape: Shape, block: Shape, kept: readonly boolean[]): BlockIndex {
  const [down, across] = blockGrid(shape, block);
  const lists = Array.from({ length: down }, (_, row) =>
    Array.from({ length: across }, (_, place) => place).filter((place) => kept[row * across + place]),
  );
  const blockColumns = Uint32Array.from(lists.flat());
  return { blockRows: blockRowsOf(shape, block, lists), blockColumns };
}

/**
 * Validates the index read from a file.
 * @throws Error if it does not describe a matrix of this shape
 */
export function checkedIndex(
  shape: Shape,
  block: Shape,
  blockRows: Uint32Array,
  blockColumns: Uint32Array,
): BlockIndex {
  const [down, across] = blockGrid(shape, block);
  const lists = Array.from({ length: down }, (_, row) =>
    Array.from(blockColumns.subarray(blockRows[2 * row], blockRows[2 * row + 2])),
  );
  const ascends = lists.every((list) =>
    list.every((place, index) => place < across && (index === 0 || place > list[index - 1])),
  );
  if (!ascends)
    throw new Error(`its tensor block_columns does not ascend in each block row to less than ${across}`);
  if (blockRowsOf(shape, block, lists).some((value, index) => value !== blockRows[index]))
    throw new Error('its tensor block_rows does not count the blocks and values before each block row');
  return { blockRows, blockColumns };
}

/** Number of slots in all rows, padding included. */
export function slotCount({ blockRows }: BlockIndex): number {
  return blockRows[blockRows.length - 1] * 4;
}

/** Walks over the stored weights, row by row. */
export function blockPlaces(shape: Shape, block: Shape, { blockRows, blockColumns }: BlockIndex): SlotWalk {
  const [rows, columns] = shape;
  return (visit) => {
    for (let row = 0; row < rows; row++) {
      const blockRow = Math.floor(row / block[0]);
      const places = blockColumns.subarray(blockRows[2 * blockRow], blockRows[2 * blockRow + 2]);
      const slots = 4 * quadsOfRow(storedWidth(places, columns, block[1]));
      let slot = 4 * blockRows[2 * blockRow + 1] + (row - blockRow * block[0]) * slots;
      for (const place of places) {
        const end = Math.min(columns, (place + 1) * block[1]);
        for (let column = place * block[1]; column < end; column++) visit(slot++, row, column);
      }
    }
  };
}

/** Number of stored weights. */
export function storedWeights(shape: Shape, block: Shape, index: BlockIndex): number {
  const [down] = blockGrid(shape, block);
  let count = 0;
  for (let row = 0; row < down; row++) {
    const places = index.blockColumns.subarray(index.blockRows[2 * row], index.blockRows[2 * row + 2]);
    count += rowsOfBlockRow(shape, block, row) * storedWidth(places, shape[1], block[1]);
  }
  return count;
}

function blockRowsOf(shape: Shape, block: Shape, lists: readonly number[][]): Uint32Array {
  const blockRows = new Uint32Array(2 * (lists.length + 1));
  lists.forEach((list, row) => {
    const quads = quadsOfRow(storedWidth(list, shape[1], block[1]));
    blockRows[2 * row + 2] = blockRows[2 * row] + list.length;
    blockRows[2 * row + 3] = blockRows[2 * row + 1] + rowsOfBlockRow(shape, block, row) * quads;
  });
  return blockRows;
}

function rowsOfBlockRow([rows]: Shape, [blockRows]: Shape, row: number): number {
  return Math.min(blockRows, rows - row * blockRows);
}

/** Total width of these blocks; the last one of the matrix may be narrower. */
function storedWidth(places: ArrayLike<number>, columns: number, blockColumns: number): number {
  if (places.length === 0) return 0;
  const end = (places[places.length - 1] + 1) * blockColumns;
  return places.length * blockColumns - Math.max(0, end - columns);
}

function quadsOfRow(width: number): number {
  return Math.ceil(width / 4);
}

import type * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import type { BoundBuffer } from '../wgsl/bound-buffers';
import { type Epilogue, type EpilogueConfig, epilogueConfig } from '../wgsl/epilogue';
import { type KernelProfile, kernelProfile } from '../wgsl/kernel-profile';
import { isWholeQuads, quadReader } from '../wgsl/quad-reader';
import { type ProductKernel, runProduct } from './product-kernel';
import { type QuadForm, type Tile, tileFor, tokenTileKernel, tokenTileWorkgroups } from './token-tile';
import {
  type LaneForm,
  WORKGROUP_TILE,
  workgroupTileKernel,
  workgroupTileWorkgroups,
} from './workgroup-tile';

/** What the WGSL of a product depends on. */
type Config = EpilogueConfig & {
  readonly matrix: string;
  readonly profile: KernelProfile['name'];
  readonly subgroupLanes: number | undefined;
  readonly isWhole: boolean;
};

const kernelOf = kernelFamily(
  (config: Config, matrix: ExpertMatrix, tensors: ExpertTensors, width: number, tile: Tile | undefined) =>
    tile ? inRegisters(matrix, tensors, width, config, tile) : inWorkgroups(matrix, width, config),
);

/** Enough for the highest tile there is. */
const MANY_TOKENS = 1024;

/**
 * Tokens in an order in which those of one expert lie together, filled up to whole tiles: what a tile of tokens is multiplied by
 * is then the same for all of them.
 */
export interface TokenGroups {
  /** Of each place of the order the row that stands there; where it is filled up, any row. */
  readonly rows: Int32Array;
  /** Of each row its place. */
  readonly places: Int32Array;
  /** Of each tile its expert. */
  readonly expertOfTile: Int32Array;
  /** Of each expert its places. */
  readonly spans: readonly PlaceSpan[];
}

/** Places that lie together. */
export interface PlaceSpan {
  readonly first: number;
  readonly count: number;
}

/** @param experts of each row its expert; @param count of the experts that there are */
export function groupByExpert(experts: Int32Array, count: number): TokenGroups {
  const size = tokensOfTile(kernelProfile());
  const members = Array.from({ length: count }, (): number[] => []);
  experts.forEach((expert, row) => members[expert].push(row));
  const tiles = members.map(({ length }) => Math.ceil(length / size));
  const expertOfTile = Int32Array.from(tiles.flatMap((number, expert) => Array<number>(number).fill(expert)));
  const rows = new Int32Array(expertOfTile.length * size);
  const places = new Int32Array(experts.length);
  const spans: PlaceSpan[] = [];
  let first = 0;
  members.forEach((ofExpert, expert) => {
    spans.push({ first, count: tiles[expert] * size });
    ofExpert.forEach((row, index) => {
      rows[first + index] = row;
      places[row] = first + index;
    });
    first += tiles[expert] * size;
  });
  return { rows, places, expertOfTile, spans };
}

/**
 * activation(x · Wₑᵀ + bₑ), e being the expert of each tile of tokens: [places, in] → [places, size].
 *
 * @param x in the order of `groupByExpert`
 * @param weight [experts · size, in], the rows of one expert after those of another
 * @param expertOfTile [tiles] int32
 * @param size outputs of one expert
 * @param epilogue its bias, where there is one, is [experts · size]
 */
export function expertRowTiles(
  x: tf.Tensor2D,
  weight: tf.Tensor,
  expertOfTile: tf.Tensor1D,
  size: number,
  { bias, activation }: Pick<Epilogue, 'bias' | 'activation'> = {},
): tf.Tensor2D {
  const matrix: ExpertMatrix = {
    name: 'expert-row-tiles',
    row: (row, expert) => `${expert} * uniforms.outputs + ${row}`,
    biasIndex: (tokens) => `${expertOf(`index / uniforms.stride / ${tokens}u`)} * uniforms.outputs + output`,
  };
  return launch(matrix, x, weight, expertOfTile, size, { bias, activation });
}

/**
 * x · Vₑᵀ + bias, e being the expert of each tile of tokens: [places, size] → [places, out].
 *
 * @param x in the order of `groupByExpert`
 * @param weight [out, experts · size], the columns of one expert after those of another: V
 * @param expertOfTile [tiles] int32
 * @param bias [out]
 */
export function expertColumnTiles(
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  expertOfTile: tf.Tensor1D,
  bias?: tf.Tensor,
): tf.Tensor2D {
  const [outputs, columns] = weight.shape;
  const experts = columns / x.shape[1];
  const matrix: ExpertMatrix = {
    name: `expert-column-tiles of ${experts}`,
    row: (row, expert) => `${row} * ${experts}u + ${expert}`,
  };
  return launch(matrix, x, weight, expertOfTile, outputs, { bias });
}

/** Where the weights of an expert lie in a matrix that is seen as rows of as many columns as x has. */
interface ExpertMatrix {
  /** Tells kernels of different WGSL apart. */
  readonly name: string;
  /** WGSL of the row, seen so, that is row `row` of an expert. */
  row(row: string, expert: string): string;
  /** WGSL of where the bias of `output` at element `index` of the result stands; default `output`. */
  biasIndex?(tokensOfTile: number): string;
}

function launch(
  matrix: ExpertMatrix,
  x: tf.Tensor2D,
  weight: tf.Tensor,
  expertOfTile: tf.Tensor1D,
  outputs: number,
  epilogue: Epilogue,
): tf.Tensor2D {
  const [tokens, width] = x.shape;
  const profile = kernelProfile();
  const tile = registerTile(profile);
  const config = {
    matrix: matrix.name,
    profile: profile.name,
    subgroupLanes: profile.subgroupLanes,
    isWhole: isWholeQuads(width),
    ...epilogueConfig(epilogue),
  };
  const tensors = { w: weight, expertOfTile };
  const kernel = kernelOf(config, matrix, tensors, width, tile);
  const workgroups = tile
    ? tokenTileWorkgroups(outputs, tokens, tile)
    : workgroupTileWorkgroups(outputs, tokens);
  return runProduct({ kernel, workgroups }, x, expertBuffers(tensors, width), outputs, epilogue);
}

/** The weight, and of each tile of tokens its expert. */
interface ExpertTensors {
  readonly w: tf.Tensor;
  readonly expertOfTile: tf.Tensor1D;
}

function expertBuffers({ w, expertOfTile }: ExpertTensors, width: number): BoundBuffer[] {
  return [
    { name: 'w', type: quadReader('w', isWholeQuads(width)).type, tensor: w },
    { name: 'expertOfTile', type: 'array<i32>', tensor: expertOfTile },
  ];
}

/** The expert of a tile of tokens. */
const expertOf = (tile: string) => `u32(expertOfTile[${tile}])`;

function inRegisters(
  matrix: ExpertMatrix,
  tensors: ExpertTensors,
  width: number,
  epilogue: EpilogueConfig,
  tile: Tile,
): ProductKernel {
  const form: QuadForm = {
    name: matrix.name,
    inputs: expertBuffers(tensors, width),
    declarations: quadReader('w', isWholeQuads(width)).source,
    rowState: (r) => `  let start${r} = wStart(${matrix.row(`row${r}`, expertOf('workgroup.y'))});`,
    rowQuad: (r) => `wQuad(start${r}, quad)`,
    biasIndex: matrix.biasIndex?.(tile.tokens),
  };
  return tokenTileKernel(form, width, epilogue, tile);
}

function inWorkgroups(matrix: ExpertMatrix, width: number, epilogue: EpilogueConfig): ProductKernel {
  const row = matrix.row('row', expertOf('tile'));
  const form: LaneForm = {
    name: matrix.name,
    inputs: { w: 'array<Lane>', expertOfTile: 'array<i32>' },
    rowStart: `fn rowStart(row: u32, tile: u32) -> u32 { return (${row}) * (uniforms.width / LANE_COLUMNS); }`,
    biasIndex: matrix.biasIndex?.(WORKGROUP_TILE),
  };
  return workgroupTileKernel(form, width, epilogue);
}

/** The tile that products are made in where that is in registers. */
function registerTile(profile: KernelProfile): Tile | undefined {
  return profile.tile === 'workgroup' ? undefined : tileFor(MANY_TOKENS, profile);
}

function tokensOfTile(profile: KernelProfile): number {
  return registerTile(profile)?.tokens ?? WORKGROUP_TILE;
}

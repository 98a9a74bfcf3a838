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

/** Everything that the WGSL of a product depends on. */
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

/** Enough tokens for the highest tile. */
const MANY_TOKENS = 1024;

/** Order of tokens grouped by expert and padded to whole tiles, so that all tokens of a tile use the same weights. */
export interface TokenGroups {
  /** Row at each place of the order; padding refers to any row. */
  readonly rows: Int32Array;
  /** Place of each row. */
  readonly places: Int32Array;
  /** Expert of each tile. */
  readonly expertOfTile: Int32Array;
  /** Places of each expert. */
  readonly spans: readonly PlaceSpan[];
}

/** Contiguous range of places. */
export interface PlaceSpan {
  readonly first: number;
  readonly count: number;
}

/** @param experts expert of each row; @param count number of experts */
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
 * activation(x · Wₑᵀ + bₑ), where e is the expert of each tile of tokens: [places, in] → [places, size].
 *
 * @param x in the order of `groupByExpert`
 * @param weight [experts · size, in], grouped by expert
 * @param expertOfTile [tiles] int32
 * @param size outputs per expert
 * @param epilogue with an optional bias [experts · size]
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
 * x · Vₑᵀ + bias, where e is the expert of each tile of tokens: [places, size] → [places, out].
 *
 * @param x in the order of `groupByExpert`
 * @param weight [out, experts · size], V with columns grouped by expert
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

/** Location of an expert's weights in a matrix that is viewed as rows of the width of x. */
interface ExpertMatrix {
  /** Distinguishes kernels with different WGSL. */
  readonly name: string;
  /** WGSL for the viewed row that holds row `row` of an expert. */
  row(row: string, expert: string): string;
  /** WGSL for the bias index of `output` at element `index` of the result; default `output`. */
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

/** Weight, and the expert of each tile of tokens. */
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

/** WGSL for the expert of a tile of tokens. */
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

/** Tile for products in registers. */
function registerTile(profile: KernelProfile): Tile | undefined {
  return profile.tile === 'workgroup' ? undefined : tileFor(MANY_TOKENS, profile);
}

function tokensOfTile(profile: KernelProfile): number {
  return registerTile(profile)?.tokens ?? WORKGROUP_TILE;
}

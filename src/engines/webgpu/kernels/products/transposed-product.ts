import * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { columnSums } from './column-sums';
import { type KernelProfile, kernelProfile } from '../wgsl/kernel-profile';
import { isWholeQuads, quadReader } from '../wgsl/quad-reader';
import { registerTileSource, type RegisterTile } from './transposed-product-registers';
import workgroupBody from './transposed-product.wgsl?raw';

/** Rows and columns of the result per workgroup on GPUs. */
const TILE = 64;
/** Workgroups that keep a GPU busy, and the minimum number of terms per band. */
const WANTED_WORKGROUPS = 256;
const LEAST_BAND = 128;

/**
 * Tiles for software adapters by the number of lanes that exchange the left side, and without exchange. With wide vectors,
 * adding to a sum costs less than loading it, so it is loaded once per four terms.
 */
const EXCHANGE = {
  upToEight: { rows: 16, quads: 2, termsAtOnce: 1 },
  sixteen: { rows: 32, quads: 1, termsAtOnce: 4 },
};
const REGISTERS: RegisterTile = { rows: 8, quads: 2, lanes: 1, termsAtOnce: 1 };
/** Invocations per workgroup; at least four run at once, and fewer would leave lanes idle. */
const REGISTER_INVOCATIONS = 16;

/**
 * leftᵀ · right without transposing either, for the gradient of a product with respect to its matrix: the terms are the rows
 * of both.
 * @param left [terms, rows]
 * @param right [terms, columns]
 * @returns [rows, columns]
 */
export function transposedProduct(left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor2D {
  const [terms, rows] = left.shape;
  const columns = right.shape[1];
  const profile = kernelProfile();
  if (profile.tile !== 'workgroup') {
    const { tile, invocations } = registerTile(profile);
    const across = Math.ceil(columns / (4 * tile.quads * invocations));
    return launch(left, right, [rows, columns], terms, [across, Math.ceil(rows / tile.rows)]);
  }
  const tiles = [Math.ceil(columns / TILE), Math.ceil(rows / TILE)] as const;
  const wanted = Math.ceil(WANTED_WORKGROUPS / (tiles[0] * tiles[1]));
  const bands = Math.max(1, Math.min(wanted, Math.floor(terms / LEAST_BAND)));
  if (bands === 1) return launch(left, right, [rows, columns], terms, [...tiles, 1]);
  const bandTerms = Math.ceil(terms / bands);
  return tf.tidy(() => {
    const ofBands = launch(left, right, [bands, rows * columns], bandTerms, [...tiles, bands]);
    return columnSums(ofBands, 'sums').reshape<tf.Tensor2D>([rows, columns]);
  });
}

function launch(
  left: tf.Tensor2D,
  right: tf.Tensor2D,
  shape: [number, number],
  bandTerms: number,
  workgroups: [number, number, number?],
): tf.Tensor2D {
  const [terms, rows] = left.shape;
  const columns = right.shape[1];
  const profile = kernelProfile();
  const { name, tile, exchangeLanes } = profile;
  const config = { profile: name, tile, exchangeLanes };
  const kernel = kernelOf(
    { ...config, isLeftWhole: isWholeQuads(rows), isRightWhole: isWholeQuads(columns) },
    profile,
  );
  return kernel.run({
    inputs: { left, right },
    outputs: { y: shape },
    uniforms: { terms, rows, columns, bandTerms },
    workgroups,
  }).y;
}

type Config = {
  readonly profile: string;
  readonly tile: string;
  readonly exchangeLanes: number;
  readonly isLeftWhole: boolean;
  readonly isRightWhole: boolean;
};

const kernelOf = kernelFamily(({ isLeftWhole, isRightWhole }: Config, profile: KernelProfile) => {
  const left = quadReader('left', isLeftWhole, 'rows');
  const right = quadReader('right', isRightWhole, 'columns');
  return defineKernel({
    name: 'transposed-product',
    inputs: { left: left.type, right: right.type },
    outputs: { y: 'array<f32>' },
    uniforms: {
      terms: 'u32',
      rows: 'u32',
      columns: 'u32',
      /** Terms summed by one band of workgroups. */
      bandTerms: 'u32',
    },
    enable: profile.tile === 'exchange' ? ['subgroups'] : [],
    body: [left.source, right.source, mainSource(profile)],
  });
});

function mainSource(profile: KernelProfile): string {
  if (profile.tile === 'workgroup') return workgroupBody;
  const { tile, invocations } = registerTile(profile);
  return registerTileSource(tile, invocations);
}

function registerTile({ tile, exchangeLanes }: KernelProfile): { tile: RegisterTile; invocations: number } {
  if (tile !== 'exchange') return { tile: REGISTERS, invocations: REGISTER_INVOCATIONS };
  const cut = exchangeLanes > 8 ? EXCHANGE.sixteen : EXCHANGE.upToEight;
  return { tile: { ...cut, lanes: exchangeLanes }, invocations: exchangeLanes };
}

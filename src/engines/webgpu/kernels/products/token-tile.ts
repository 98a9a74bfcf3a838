import { type Buffers, defineKernel } from '../../define-kernel';
import { type BoundBuffer, buffersOf } from '../wgsl/bound-buffers';
import { epilogueBuffers, type EpilogueConfig, epilogueSource } from '../wgsl/epilogue';
import type { KernelProfile } from '../wgsl/kernel-profile';
import { PRODUCT_UNIFORMS, type ProductKernel } from './product-kernel';
import { isWholeQuads, quadReader } from '../wgsl/quad-reader';
import { type StoredColumns, storedActivations } from '../wgsl/stored-columns';

/** Tiled reading of a matrix format: four weights of a row at a time, from the first column on. */
export interface QuadForm {
  readonly name: string;
  readonly inputs: readonly BoundBuffer[];
  readonly declarations?: string;
  /** Declares the variables of row `r`; its index is `row<r>`. */
  rowState(r: number): string;
  /** Set if rows store only some columns; quads then count the stored ones. */
  readonly storedColumns?: StoredColumns;
  /** WGSL shared by all rows for a quad. */
  readonly quadSource?: string;
  /** A vec4f expression for the weights of row `r` in columns 4·`quad` … 4·`quad` + 3. Steps come in order. */
  rowQuad(r: number): string;
  /** WGSL for the bias index of `output` at element `index` of the result; default `output`. */
  readonly biasIndex?: string;
}

/** Work of one invocation. */
export interface Tile {
  readonly tokens: number;
  readonly rows: number;
  /** Lanes with adjacent rows that exchange activations; 1 for none. */
  readonly lanes: number;
}

/**
 * Tiles by the number of lanes that exchange activations: for many tokens, and half as high for shorter prompts. A tile has
 * one or several tokens per lane.
 */
const EXCHANGE = {
  upToEight: { high: { tokens: 16, rows: 8 }, low: { tokens: 8, rows: 8 } },
  sixteen: { high: { tokens: 32, rows: 4 }, low: { tokens: 16, rows: 8 } },
};
const REGISTERS: Tile = { tokens: 8, rows: 8, lanes: 1 };
/** Invocations per workgroup; at least four run at once, and fewer would leave lanes idle. */
const REGISTER_INVOCATIONS = 16;

/** Tile for this many tokens in products computed in registers. */
export function tileFor(tokens: number, { tile, exchangeLanes }: KernelProfile): Tile {
  if (tile !== 'exchange') return REGISTERS;
  const { high, low } = exchangeLanes > 8 ? EXCHANGE.sixteen : EXCHANGE.upToEight;
  return { ...(tokens > low.tokens ? high : low), lanes: exchangeLanes };
}

/**
 * Creates the kernel of x · Wᵀ for many tokens, with every sum in a register: sums are separate variables, because compilers
 * keep an indexed array in memory. Lanes of a subgroup read different tokens and exchange them by broadcast, since a read
 * costs a software adapter more than twice as much.
 */
export function tokenTileKernel(
  form: QuadForm,
  width: number,
  epilogue: EpilogueConfig,
  tile: Tile,
): ProductKernel {
  const reader = quadReader('x', isWholeQuads(width));
  const inputs: Buffers = {
    x: reader.type,
    ...buffersOf(form.inputs),
    ...epilogueBuffers(epilogue),
  };
  return defineKernel({
    name: `${form.name}-token-tile`,
    inputs,
    outputs: { y: 'array<f32>' },
    uniforms: PRODUCT_UNIFORMS,
    enable: tile.lanes > 1 ? ['subgroups'] : [],
    body: [
      reader.source,
      form.declarations ?? '',
      epilogueSource(epilogue, form.biasIndex),
      mainSource(form, tile),
    ],
  });
}

/** Number of workgroups that cover all rows and tokens. */
export function tokenTileWorkgroups(outputs: number, tokens: number, tile: Tile): [number, number] {
  const invocations = tile.lanes > 1 ? tile.lanes : REGISTER_INVOCATIONS;
  return [Math.ceil(outputs / (tile.rows * invocations)), Math.ceil(tokens / tile.tokens)];
}

function mainSource(form: QuadForm, tile: Tile): string {
  const { lanes } = tile;
  const rows = numbers(tile.rows);
  const tokens = numbers(tile.tokens);
  const exchanges = lanes > 1;
  return [
    `fn write(token: u32, row: u32, product: f32) {
  if (token < uniforms.tokens && row < uniforms.outputs) {
    let output = uniforms.columnOffset + row;
    let index = token * uniforms.stride + output;
    y[index] = finish(product, output, index);
  }
}`,
    `@compute @workgroup_size(${exchanges ? lanes : REGISTER_INVOCATIONS})
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  ${exchanges ? '@builtin(subgroup_invocation_id) lane: u32,' : '@builtin(local_invocation_index) local: u32,'}
) {`,
    exchanges
      ? `  let firstRow = workgroup.x * ${tile.rows * lanes}u + lane;`
      : `  let firstRow = (workgroup.x * ${REGISTER_INVOCATIONS}u + local) * ${tile.rows}u;`,
    `  let firstToken = workgroup.y * ${tile.tokens}u;
  // Past the edge the last row or token is computed again and not written.
  let lastRow = uniforms.outputs - 1u;
  let lastToken = uniforms.tokens - 1u;`,
    ...rows.map((r) => `  let row${r} = min(firstRow + ${r * lanes}u, lastRow);`),
    // Lanes that exchange values must take the same number of steps, provably for the compiler.
    form.storedColumns?.declaration(exchanges ? `workgroup.x * ${tile.rows * lanes}u` : 'firstRow') ??
      '  let quads = (uniforms.width + 3u) / 4u;',
    ...rows.map((r) => form.rowState(r)),
    ...numbers(tile.tokens / lanes).map((t) => {
      const token = exchanges ? `firstToken + ${t * lanes}u + lane` : `firstToken + ${t}u`;
      return `  let x${t} = xStart(min(${token}, lastToken));`;
    }),
    ...rows.flatMap((r) => tokens.map((t) => `  var sum${r}_${t} = 0.0;`)),
    `  for (var quad = 0u; quad < quads; quad++) {`,
    form.quadSource ?? '',
    ...rows.map((r) => `    let w${r} = ${form.rowQuad(r)};`),
    ...numbers(tile.tokens / lanes).flatMap((t) => [
      `    let read${t} = ${storedActivations(form, `x${t}`, 'quad')};`,
      ...numbers(lanes).flatMap((from) => {
        const value = exchanges ? `subgroupBroadcast(read${t}, ${from}u)` : `read${t}`;
        const token = t * lanes + from;
        return [
          `    let a${token} = ${value};`,
          ...rows.map((r) => `    sum${r}_${token} += dot(a${token}, w${r});`),
        ];
      }),
    ]),
    `  }`,
    `  var sums: array<f32, ${tile.rows * tile.tokens}>;`,
    ...rows.flatMap((r) => tokens.map((t) => `  sums[${r * tile.tokens + t}] = sum${r}_${t};`)),
    `  for (var r = 0u; r < ${tile.rows}u; r++) {
    for (var t = 0u; t < ${tile.tokens}u; t++) {
      write(firstToken + t, firstRow + r * ${lanes}u, sums[r * ${tile.tokens}u + t]);
    }
  }`,
    `}`,
  ].join('\n');
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

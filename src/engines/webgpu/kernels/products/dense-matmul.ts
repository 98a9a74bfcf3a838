import type * as tf from '@tensorflow/tfjs';
import { type Kernel, type KernelOutput, runKernel } from '../../run-kernel';
import { kernelMemo } from '../wgsl/kernel-memo';
import { type Epilogue, epilogueInputs, epilogueKey } from '../wgsl/epilogue';
import { type FoldedNorm, foldedNormInputs } from '../wgsl/folded-norm';
import { type KernelProfile, kernelProfile } from '../wgsl/kernel-profile';
import { laneWidth } from '../wgsl/lanes';
import { quadKey, quadReader } from '../wgsl/quad-reader';
import { type RowForm, rowProductKernel, rowProductWorkgroups } from './row-product';
import { type QuadForm, tileFor, tokenTileKernel, tokenTileWorkgroups } from './token-tile';
import { laneArray, type LaneForm, workgroupTileKernel, workgroupTileWorkgroups } from './workgroup-tile';

/** Up to so many tokens a row of the matrix is read once a token; beyond, tiles pay. */
export const FEW_TOKENS = 4;

/** Where in the result the product goes: for a matrix that is stored in blocks of rows. */
export interface ColumnRange {
  readonly output: tf.Tensor2D;
  readonly offset: number;
}

/** What is fused with a product of one token, or few. */
interface Fusion {
  readonly epilogue: Epilogue;
  readonly norm?: FoldedNorm;
}

const remember = kernelMemo();

/**
 * activation(x · Wᵀ + bias) + residual with W [out, in] row-major: [tokens, in] → [tokens, out].
 * @param into writes columns of this tensor instead of making a new one; bias and residual are those of all columns
 */
export function denseMatmul(
  x: tf.Tensor2D,
  weight: tf.Tensor,
  outputs: number,
  epilogue: Epilogue = {},
  into?: ColumnRange,
): tf.Tensor2D {
  const [tokens, width] = x.shape;
  const destination: KernelOutput = into?.output ?? { shape: [tokens, outputs], dtype: 'float32' };
  const { kernel, workgroups } = chooseKernel(weight, tokens, width, outputs, epilogue);
  const [y] = runKernel(kernel, {
    inputs: [x, weight, ...epilogueInputs(epilogue).map(({ tensor }) => tensor)],
    outputs: [destination],
    uniforms: [tokens, width, outputs, into?.offset ?? 0, into?.output.shape[1] ?? outputs],
    workgroups,
  });
  return y as tf.Tensor2D;
}

/**
 * The same of one token whose layer normalization is folded in: [1, in] → [1, out].
 * @param x not normalized; its width must be a multiple of 4
 */
export function denseMatmulOfNormalized(
  x: tf.Tensor2D,
  weight: tf.Tensor,
  outputs: number,
  norm: FoldedNorm,
  epilogue: Epilogue = {},
): tf.Tensor2D {
  const { kernel, workgroups } = rowLaunch(weight, x.shape, outputs, { epilogue, norm });
  const fused = [...epilogueInputs(epilogue), ...foldedNormInputs(norm)];
  const [y] = runKernel(kernel, {
    inputs: [x, weight, ...fused.map(({ tensor }) => tensor)],
    outputs: [{ shape: [x.shape[0], outputs], dtype: 'float32' }],
    uniforms: [...x.shape, outputs, 0, outputs],
    workgroups,
  });
  return y as tf.Tensor2D;
}

function rowLaunch(
  weight: tf.Tensor,
  [tokens, width]: readonly [number, number],
  outputs: number,
  { epilogue, norm }: Fusion,
): { kernel: Kernel; workgroups: [number, number] } {
  const profile = kernelProfile();
  const key = `row ${textKey(profile, width, epilogue)} ${norm?.epsilon ?? ''}`;
  const kernel = remember(key, () =>
    rowProductKernel(denseRows(weight, width), width, epilogue, profile, norm),
  );
  return { kernel, workgroups: rowProductWorkgroups(outputs, tokens, profile) };
}

function textKey({ name, subgroupLanes }: KernelProfile, width: number, epilogue: Epilogue): string {
  return `${name} ${subgroupLanes ?? 'plain'} ${quadKey(width)} ${epilogueKey(epilogue)}`;
}

function chooseKernel(
  weight: tf.Tensor,
  tokens: number,
  width: number,
  outputs: number,
  epilogue: Epilogue,
): { kernel: Kernel; workgroups: [number, number] } {
  const profile = kernelProfile();
  if (tokens <= FEW_TOKENS) return rowLaunch(weight, [tokens, width], outputs, { epilogue });
  const base = textKey(profile, width, epilogue);
  if (profile.tile !== 'workgroup') {
    const tile = tileFor(tokens, profile);
    const kernel = remember(`tile ${tile.tokens}×${tile.rows} ${base}`, () =>
      tokenTileKernel(denseQuads(weight, width), width, epilogue, tile),
    );
    return { kernel, workgroups: tokenTileWorkgroups(outputs, tokens, tile) };
  }
  return {
    kernel: remember(`workgroup ${base}`, () => workgroupTileKernel(denseLanes(width), width, epilogue)),
    workgroups: workgroupTileWorkgroups(outputs, tokens),
  };
}

function denseRows(tensor: tf.Tensor, width: number): RowForm {
  const { type, source } = quadReader('w', width);
  return {
    name: 'dense',
    inputs: [{ name: 'w', type, tensor }],
    declarations: source,
    columnsPerStep: 4,
    rowState: (r) => `  let w${r} = wStart(row${r});`,
    rowStep: (r) => `    sum${r} += dot(x0, wQuad(w${r}, step));`,
  };
}

function denseQuads(tensor: tf.Tensor, width: number): QuadForm {
  const { type, source } = quadReader('w', width);
  return {
    name: 'dense',
    inputs: [{ name: 'w', type, tensor }],
    declarations: source,
    rowState: (r) => `  let start${r} = wStart(row${r});`,
    rowQuad: (r) => `wQuad(start${r}, quad)`,
  };
}

function denseLanes(width: number): LaneForm {
  return {
    name: 'dense',
    inputs: [{ name: 'w', type: laneArray(width) }],
    rowStart: `fn rowStart(row: u32, tile: u32) -> u32 { return row * (uniforms.width / ${laneWidth(width)}u); }`,
  };
}

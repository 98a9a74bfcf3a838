import type * as tf from '@tensorflow/tfjs';
import { type Buffers, defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { kernelProfile } from '../wgsl/kernel-profile';
import { isWholeQuads, quadReader } from '../wgsl/quad-reader';
import body from './quantize-tokens.wgsl?raw';

/** Activations as integers with one scale per token. */
export interface QuantizedTokens {
  /** int32 words of four 8-bit codes, the first in the lowest bits: [tokens, ceil(width / 4)]; zeros past the width. */
  readonly codes: tf.Tensor2D;
  /** [tokens] */
  readonly scales: tf.Tensor1D;
}

/** Threads per token without subgroups of known size. */
const THREADS = 16;

type Config = { isWhole: boolean; lanes: number | undefined };

const packedKernel = kernelFamily((config: Config) =>
  tokenKernel('quantize-tokens', { y: 'array<u32>', tokenScales: 'array<f32>' }, PACKED, config),
);

const roundedKernel = kernelFamily((config: Config) =>
  config.isWhole
    ? tokenKernel('round-tokens', { y: 'array<vec4f>' }, ROUNDED, config)
    : tokenKernel('round-tokens', { y: 'array<f32>' }, ROUNDED_RAGGED, config),
);

/**
 * Dynamic symmetric quantization of activations to 8 bits (Xiao et al. 2022, "SmoothQuant", section 2, per token): codes
 * round(z / scale) of z = x ⊙ inputScales, −127…127, ties to even, with scale = max |z| / 127.
 *
 * @param x [tokens, width]; @param inputScales [width]
 * @returns tensors that the caller owns
 */
export function quantizeTokens(x: tf.Tensor2D, inputScales: tf.Tensor): QuantizedTokens {
  const [tokens, width] = x.shape;
  const { y: codes, tokenScales: scales } = packedKernel(configOf(width)).run({
    inputs: { x, inputScales },
    outputs: { y: [tokens, Math.ceil(width / 4)], tokenScales: [tokens] },
    uniforms: { width },
    workgroups: [tokens],
  });
  return { codes, scales };
}

/** The same as dequantized values, code · scale: [tokens, width] → [tokens, width]. */
export function roundTokens(x: tf.Tensor2D, inputScales: tf.Tensor): tf.Tensor2D {
  const [tokens, width] = x.shape;
  return roundedKernel(configOf(width)).run({
    inputs: { x, inputScales },
    outputs: { y: x.shape },
    uniforms: { width },
    workgroups: [tokens],
  }).y;
}

function configOf(width: number): Config {
  return { isWhole: isWholeQuads(width), lanes: kernelProfile().subgroupLanes };
}

/** @param write WGSL of `write(token: u32, quad: u32, codes: vec4f, scale: f32)` */
function tokenKernel<Outputs extends Buffers>(
  name: string,
  outputs: Outputs,
  write: string,
  { isWhole, lanes }: Config,
) {
  const [x, inputScales] = [quadReader('x', isWhole), quadReader('inputScales', isWhole)];
  return defineKernel({
    name,
    inputs: { x: x.type, inputScales: inputScales.type },
    outputs,
    uniforms: { width: 'u32' },
    constants: { THREADS: lanes ?? THREADS },
    enable: lanes ? ['subgroups'] : [],
    body: [
      x.source,
      inputScales.source,
      lanes ? BY_SUBGROUP : BY_WORKGROUP,
      write,
      body,
      mainSource(lanes ? 'subgroup_invocation_id' : 'local_invocation_index'),
    ],
  });
}

const mainSource = (thread: string) => `@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(${thread}) thread: u32) {
  quantizeToken(workgroup.x, thread);
}`;

const PACKED = `fn write(token: u32, quad: u32, codes: vec4f, scale: f32) {
  let fields = (bitcast<vec4u>(vec4i(codes)) & vec4u(255u)) << vec4u(0u, 8u, 16u, 24u);
  y[token * ((uniforms.width + 3u) / 4u) + quad] = fields.x | fields.y | fields.z | fields.w;
  if (quad == 0u) {
    tokenScales[token] = scale;
  }
}`;

const ROUNDED = `fn write(token: u32, quad: u32, codes: vec4f, scale: f32) {
  y[token * (uniforms.width / 4u) + quad] = codes * scale;
}`;

/** Rows that do not begin at a word of four. */
const ROUNDED_RAGGED = `fn write(token: u32, quad: u32, codes: vec4f, scale: f32) {
  for (var k = 0u; k < min(4u, uniforms.width - quad * 4u); k++) {
    y[token * uniforms.width + quad * 4u + k] = codes[k] * scale;
  }
}`;

const BY_SUBGROUP = `fn greatestOfAll(thread: u32, own: f32) -> f32 { return subgroupMax(own); }`;

const BY_WORKGROUP = `var<workgroup> parts: array<f32, THREADS>;
fn greatestOfAll(thread: u32, own: f32) -> f32 {
  parts[thread] = own;
  workgroupBarrier();
  var greatest = own;
  for (var part = 0u; part < THREADS; part++) {
    greatest = max(greatest, parts[part]);
  }
  return greatest;
}`;

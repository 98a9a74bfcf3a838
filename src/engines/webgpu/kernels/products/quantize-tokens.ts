import type * as tf from '@tensorflow/tfjs';
import { type Kernel, type KernelOutput, runKernel } from '../../run-kernel';
import { declareInputs } from '../wgsl/epilogue';
import { kernelMemo } from '../wgsl/kernel-memo';
import { kernelProfile } from '../wgsl/kernel-profile';
import { quadKey, quadReader } from '../wgsl/quad-reader';
import source from './quantize-tokens.wgsl?raw';

/** Activations as integers with a scale a token. */
export interface QuantizedTokens {
  /** int32 words of four codes of 8 bits, the first in the lowest bits: [tokens, ceil(width / 4)]; past the width zeros. */
  readonly codes: tf.Tensor2D;
  /** [tokens] */
  readonly scales: tf.Tensor1D;
}

/** What becomes of the codes. */
interface Result {
  readonly name: string;
  /** WGSL types of the outputs `y` and, where there is a second one, `tokenScales`. */
  readonly types: readonly string[];
  /** WGSL of `write(token: u32, quad: u32, codes: vec4f, scale: f32)`. */
  readonly write: string;
}

/** Threads a token where none share a subgroup of known size. */
const THREADS = 16;

const remember = kernelMemo();

/**
 * Dynamic symmetric quantization of activations to 8 bits (Xiao et al. 2022, "SmoothQuant", section 2, per token): of
 * z = x ⊙ inputScales the codes round(z / scale), −127…127, halves to the even one, with scale = max |z| / 127.
 *
 * @param x [tokens, width]; @param inputScales [width]
 * @returns tensors that the caller owns
 */
export function quantizeTokens(x: tf.Tensor2D, inputScales: tf.Tensor): QuantizedTokens {
  const [tokens, width] = x.shape;
  const [codes, scales] = launch(x, inputScales, PACKED, [
    { shape: [tokens, Math.ceil(width / 4)], dtype: 'int32' },
    { shape: [tokens], dtype: 'float32' },
  ]);
  return { codes: codes as tf.Tensor2D, scales: scales as tf.Tensor1D };
}

/** The same as the values that the codes stand for, code · scale: [tokens, width] → [tokens, width]. */
export function roundTokens(x: tf.Tensor2D, inputScales: tf.Tensor): tf.Tensor2D {
  const result = x.shape[1] % 4 === 0 ? ROUNDED : ROUNDED_RAGGED;
  const [y] = launch(x, inputScales, result, [{ shape: x.shape, dtype: 'float32' }]);
  return y as tf.Tensor2D;
}

function launch(
  x: tf.Tensor2D,
  inputScales: tf.Tensor,
  result: Result,
  outputs: readonly KernelOutput[],
): tf.Tensor[] {
  const [tokens, width] = x.shape;
  const lanes = kernelProfile().subgroupLanes;
  const key = `${result.name} ${lanes ?? 'plain'} ${quadKey(width)}`;
  return runKernel(
    remember(key, () => makeKernel(width, lanes, result)),
    { inputs: [x, inputScales], outputs, uniforms: [width], workgroups: [tokens] },
  );
}

function makeKernel(width: number, lanes: number | undefined, { name, types, write }: Result): Kernel {
  const [x, inputScales] = [quadReader('x', width), quadReader('inputScales', width)];
  const inputs = [
    { name: 'x', type: x.type },
    { name: 'inputScales', type: inputScales.type },
  ];
  const outputs = types.map(
    (type, index) =>
      `@group(0) @binding(${inputs.length + index}) var<storage, read_write> ${index === 0 ? 'y' : 'tokenScales'}: ${type};`,
  );
  const thread = lanes ? '@builtin(subgroup_invocation_id)' : '@builtin(local_invocation_index)';
  return {
    name,
    enable: lanes ? ['subgroups'] : undefined,
    source: [
      `const THREADS = ${lanes ?? THREADS}u;`,
      declareInputs(inputs),
      ...outputs,
      `@group(0) @binding(${inputs.length + outputs.length}) var<uniform> uniforms: Uniforms;`,
      x.source,
      inputScales.source,
      lanes ? BY_SUBGROUP : BY_WORKGROUP,
      write,
      source.replace('THREAD_INDEX', thread),
    ].join('\n'),
  };
}

const PACKED: Result = {
  name: 'quantize-tokens',
  types: ['array<u32>', 'array<f32>'],
  write: `fn write(token: u32, quad: u32, codes: vec4f, scale: f32) {
  let fields = (bitcast<vec4u>(vec4i(codes)) & vec4u(255u)) << vec4u(0u, 8u, 16u, 24u);
  y[token * ((uniforms.width + 3u) / 4u) + quad] = fields.x | fields.y | fields.z | fields.w;
  if (quad == 0u) {
    tokenScales[token] = scale;
  }
}`,
};

const ROUNDED: Result = {
  name: 'round-tokens',
  types: ['array<vec4f>'],
  write: `fn write(token: u32, quad: u32, codes: vec4f, scale: f32) {
  y[token * (uniforms.width / 4u) + quad] = codes * scale;
}`,
};

/** Rows that do not begin with a word of four. */
const ROUNDED_RAGGED: Result = {
  name: 'round-tokens',
  types: ['array<f32>'],
  write: `fn write(token: u32, quad: u32, codes: vec4f, scale: f32) {
  for (var k = 0u; k < min(4u, uniforms.width - quad * 4u); k++) {
    y[token * uniforms.width + quad * 4u + k] = codes[k] * scale;
  }
}`,
};

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

import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, expectTypeOf, test, vi } from 'vitest';
import { defineKernel } from './define-kernel';
import { currentGpu } from './device';
import { openNodeGpu } from './node-gpu';
import { readFloats, readTensorBytes, uploadTensor } from './transfer';
import { UniformBlock } from './uniforms';

beforeAll(() => openNodeGpu());

const SCALED = defineKernel({
  name: 'scaled',
  inputs: { x: 'array<f32>' },
  outputs: { y: 'array<f32>', signs: 'array<vec2i>' },
  uniforms: { shift: 'i32', factor: 'f32', count: 'u32' },
  constants: { ADDED: 3, NEGATED: false },
  enable: ['f16'],
  body: ['fn sign_of(x: f32) -> i32 { return i32(sign(x)); }', '@compute @workgroup_size(1) fn main() {}'],
});

test('the header declares constants, buffers in order and the uniform block before the body', () => {
  expect(SCALED.code).toBe(`enable f16;
const ADDED = 3;
const NEGATED = false;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> signs: array<vec2i>;
@group(0) @binding(3) var<uniform> uniforms: Uniforms;
struct Uniforms {
  shift: i32,
  factor: f32,
  count: u32,
}
fn sign_of(x: f32) -> i32 { return i32(sign(x)); }
@compute @workgroup_size(1) fn main() {}`);
});

test('a buffer that is not there has no binding, and without uniforms there is no block', () => {
  const kernel = defineKernel({
    name: 'optional',
    inputs: { x: 'array<f32>', bias: undefined, residual: 'array<f32>' },
    outputs: { y: 'array<f32>' },
    body: '',
  });
  expect(kernel.code).toBe(`@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> residual: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
`);
});

test('uniforms are packed by name as the bits of their types, up to whole 16 bytes', () => {
  const block = new UniformBlock({ a: 'u32', b: 'i32', c: 'f32', d: 'u32', e: 'f32' });
  // Bits of IEEE 754: 1.5 is 0x3fc00000, −0.1 rounds to 0xbdcccccd.
  expect([...block.pack({ e: -0.1, d: 7, c: 1.5, b: -2, a: 4294967295 })]).toEqual([
    0xffffffff, 0xfffffffe, 0x3fc00000, 7, 0xbdcccccd, 0, 0, 0,
  ]);
});

/** y = factor · x + shift as f32, and the bits of all uniforms. */
const AFFINE = defineKernel({
  name: 'affine',
  inputs: { x: 'array<f32>' },
  outputs: { y: 'array<f32>', bits: 'array<u32>' },
  uniforms: { count: 'u32', shift: 'i32', factor: 'f32' },
  body: `@compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {
  y[id.x] = uniforms.factor * x[id.x] + f32(uniforms.shift);
  bits[0] = uniforms.count;
  bits[1] = bitcast<u32>(uniforms.shift);
  bits[2] = bitcast<u32>(uniforms.factor);
}`,
});

test('a launch takes tensors, shapes and numbers by name and gives outputs of the ranks of their shapes', async () => {
  const x = uploadTensor(Float32Array.of(1, 2, 3, 4), [2, 2]);
  const { bits, y } = AFFINE.run({
    uniforms: { factor: 0.5, shift: -3, count: 4_000_000_000 },
    outputs: { bits: [3], y: x.shape },
    inputs: { x },
    workgroups: [4],
  });
  expectTypeOf(y).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(bits).toEqualTypeOf<tf.Tensor1D>();
  expect([y.dtype, y.shape, bits.dtype, bits.shape]).toEqual(['float32', [2, 2], 'int32', [3]]);
  expect([...(await readFloats(y))]).toEqual([-2.5, -2, -1.5, -1]);
  expect([...new Uint32Array(await readTensorBytes(bits))]).toEqual([4_000_000_000, 0xfffffffd, 0x3f000000]);
  tf.dispose([x, y, bits]);
});

const NEXT = defineKernel({
  name: 'next',
  inputs: {},
  outputs: { y: 'array<i32>' },
  body: '@compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) { y[id.x] += 1; }',
});

test('a tensor given as an output is written in place and comes back as itself', async () => {
  const given = uploadTensor(Int32Array.of(5, 6), [2]);
  const { y } = NEXT.run({ inputs: {}, outputs: { y: given }, workgroups: [2] });
  expect(y).toBe(given);
  expect([...new Int32Array(await readTensorBytes(given))]).toEqual([6, 7]);
  const { y: same } = NEXT.run({ inputs: {}, outputs: { y: given }, workgroups: [0] });
  expect([...new Int32Array(await readTensorBytes(same))]).toEqual([6, 7]);
  given.dispose();
});

test('the next launch finds the pipeline and the uniforms of the last one', () => {
  const device = currentGpu().device;
  const x = uploadTensor(Float32Array.of(1), [1]);
  const launch = () =>
    tf.dispose({
      ...AFFINE.run({
        inputs: { x },
        outputs: { y: [1], bits: [3] },
        uniforms: { count: 11, shift: 22, factor: 33 },
        workgroups: [1],
      }),
    });
  launch();
  const compiled = vi.spyOn(device, 'createComputePipeline');
  const created = vi.spyOn(device, 'createBuffer');
  launch();
  expect(compiled).not.toHaveBeenCalled();
  expect(created.mock.calls.filter(([{ usage }]) => usage & GPUBufferUsage.UNIFORM)).toEqual([]);
  vi.restoreAllMocks();
  x.dispose();
});

test('an input that is missing and too many workgroups are refused by name', () => {
  const optional = defineKernel({
    name: 'with-bias',
    inputs: { bias: 'array<f32>' as 'array<f32>' | undefined },
    outputs: {},
    body: '@compute @workgroup_size(1) fn main() {}',
  });
  expect(() => optional.run({ inputs: { bias: undefined }, outputs: {}, workgroups: [1] })).toThrow(
    'Kernel with-bias was launched without its input "bias".',
  );
  const y = uploadTensor(Int32Array.of(0), [1]);
  expect(() => NEXT.run({ inputs: {}, outputs: { y }, workgroups: [1, 65_536] })).toThrow(
    'Kernel next asks for 1×65536×1 workgroups; this device allows 65535 a dimension.',
  );
  y.dispose();
});

/** Never called; checks that the compiler rejects these launches. */
export function refused(x: tf.Tensor) {
  const outputs = { y: [1], bits: [3] } as const;
  const uniforms = { count: 1, shift: 1, factor: 1 };
  // @ts-expect-error an input of another name
  AFFINE.run({ inputs: { z: x }, outputs, uniforms, workgroups: [1] });
  // @ts-expect-error an output is missing
  AFFINE.run({ inputs: { x }, outputs: { y: [1] }, uniforms, workgroups: [1] });
  // @ts-expect-error a uniform is missing
  AFFINE.run({ inputs: { x }, outputs, uniforms: { count: 1, shift: 1 }, workgroups: [1] });
  // @ts-expect-error an unknown uniform
  AFFINE.run({ inputs: { x }, outputs, uniforms: { ...uniforms, rows: 1 }, workgroups: [1] });
  // @ts-expect-error no uniforms at all
  AFFINE.run({ inputs: { x }, outputs, workgroups: [1] });
  // @ts-expect-error a shape of strings
  NEXT.run({ inputs: {}, outputs: { y: ['1'] }, workgroups: [1] });
  // @ts-expect-error a type that uniforms do not have
  defineKernel({ name: '', inputs: {}, outputs: {}, uniforms: { flag: 'bool' }, body: '' });
  // @ts-expect-error a buffer that is not an array
  defineKernel({ name: '', inputs: { x: 'f32' }, outputs: {}, body: '' });
}

import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { runKernel } from '../../run-kernel';
import { readTensorBytes, uploadTensor } from '../../transfer';
import { elementKernel, workgroupsOf } from './element-kernel';

beforeAll(() => openNodeGpu());

const source = `@group(0) @binding(0) var<storage, read_write> y: array<i32>;
struct Uniforms { elements: u32, pairs: u32 }
@group(0) @binding(1) var<uniform> uniforms: Uniforms;
fn element(index: u32) { y[index] += i32(index) + 1; }`;

const EACH = elementKernel({ name: 'each', source });
const EACH_OF_PAIRS = elementKernel({ name: 'each-of-pairs', source }, 'uniforms.pairs * 2u');

test.each([
  ['no element', EACH, 0],
  ['one', EACH, 1],
  ['a workgroup less one', EACH, 63],
  ['a workgroup', EACH, 64],
  ['a workgroup and one', EACH, 65],
  ['more than a dimension of workgroups holds', EACH, 65_535 * 64 + 1],
  ['a count of its own', EACH_OF_PAIRS, 130],
])('%s: each is called once, and nothing past the end', async (_, kernel, elements) => {
  const room = elements + 200;
  const y = uploadTensor(new Int32Array(room), [room]);
  runKernel(kernel, {
    inputs: [],
    outputs: [y],
    uniforms: [kernel === EACH ? elements : 0, Math.floor(elements / 2)],
    workgroups: workgroupsOf(elements),
  });
  const found = new Int32Array(await readTensorBytes(y));
  expect(found.findIndex((value, index) => value !== (index < elements ? index + 1 : 0))).toBe(-1);
  y.dispose();
});

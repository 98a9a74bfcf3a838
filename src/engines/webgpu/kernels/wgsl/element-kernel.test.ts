import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readTensorBytes, uploadTensor } from '../../transfer';
import { elementKernel, workgroupsOf } from './element-kernel';

beforeAll(() => openNodeGpu());

const definition = {
  inputs: {},
  outputs: { y: 'array<i32>' },
  uniforms: { elements: 'u32', pairs: 'u32' },
  body: 'fn element(index: u32) { y[index] += i32(index) + 1; }',
} as const;

const EACH = elementKernel({ name: 'each', ...definition });
const EACH_OF_PAIRS = elementKernel({ name: 'each-of-pairs', ...definition }, 'uniforms.pairs * 2u');

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
  kernel.run({
    inputs: {},
    outputs: { y },
    uniforms: { elements: kernel === EACH ? elements : 0, pairs: Math.floor(elements / 2) },
    workgroups: workgroupsOf(elements),
  });
  const found = new Int32Array(await readTensorBytes(y));
  expect(found.findIndex((value, index) => value !== (index < elements ? index + 1 : 0))).toBe(-1);
  y.dispose();
});

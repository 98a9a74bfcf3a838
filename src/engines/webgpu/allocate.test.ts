import { beforeAll, expect, test } from 'vitest';
import { defineKernel } from './define-kernel';
import { emptyTensor } from './transfer';
import { openNodeGpu } from './node-gpu';

beforeAll(() => openNodeGpu({ maxBindingBytes: 2 ** 27 }));

const message = 'A tensor of 33554433 needs 134217732 bytes in one buffer; this device allows 134217728.';

test('a tensor larger than one binding of the device is refused with both sizes', () => {
  expect(() => emptyTensor([2 ** 25 + 1])).toThrow(message);
  emptyTensor([2 ** 20]).dispose();
});

test('so is a result of a kernel', () => {
  const large = defineKernel({
    name: 'large',
    inputs: {},
    outputs: { y: 'array<f32>' },
    body: '@compute @workgroup_size(1) fn main() { y[0] = 1; }',
  });
  expect(() => large.run({ inputs: {}, outputs: { y: [2 ** 25 + 1] }, workgroups: [1] })).toThrow(message);
});

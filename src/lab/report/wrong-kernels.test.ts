import { expect, test } from 'vitest';
import { describeWrongKernels } from './wrong-kernels';

const passed = { name: 'layer norm', passed: true, error: 1e-7 };

test('passing kernels give no message', () => {
  expect(describeWrongKernels([passed, passed])).toBeUndefined();
});

test('a failing kernel is named with its error or the device’s message', () => {
  const off = { name: 'GELU', passed: false, error: 0.0312 };
  const refused = { name: 'AdamW', passed: false, problem: 'Error while parsing WGSL\n  line 3' };
  const sentence = describeWrongKernels([passed, off, refused]);
  expect(sentence).toContain(
    'computes 2 of 3 kernels incorrectly: GELU (off by 3.1 %); AdamW (Error while parsing WGSL).',
  );
  expect(sentence).toContain('update the graphics driver');
});

test('the first failing kernels are named and the others counted', () => {
  const wrong = Array.from({ length: 9 }, (_, index) => ({
    name: `kernel ${index}`,
    passed: false,
    error: 1,
  }));
  const sentence = describeWrongKernels(wrong);
  expect(sentence).toContain('kernel 3 (off by 1.0e+2 %); and 5 more.');
});

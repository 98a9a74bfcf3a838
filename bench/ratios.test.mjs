import { expect, test } from 'vitest';
import { evaluateRatios } from './ratios.mjs';

const rowOf = (results, key) => evaluateRatios(results).find((row) => row.key === key);

test('every key is camelCase and unique', () => {
  const keys = evaluateRatios({}).map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.filter((key) => !/^[a-z][A-Za-z0-9]*$/.test(key))).toEqual([]);
});

test('nothing measured: no value and no verdict', () => {
  for (const { value, reached } of evaluateRatios({}))
    expect([value, reached]).toEqual([undefined, undefined]);
});

test('rates are divided by the peer’s, times by ours', () => {
  const results = {
    models: {
      demo: { contenders: { 'lathe-dense': { decode: 60 }, 'transformers-fp32': { decode: 10 } } },
      large: {
        contenders: {
          'lathe-dense': { loadMilliseconds: 100 },
          'transformers-fp32': { loadMilliseconds: 130 },
        },
      },
    },
  };
  expect(rowOf(results, 'demoDecodeDenseOverTransformersFp32')).toMatchObject({ value: 6, reached: true });
  expect(rowOf(results, 'largeLoadOverTransformersFp32')).toMatchObject({ value: 1.3, reached: false });
});

test('the speed-up of a factorization is relative to its saving, where that is half or more', () => {
  const results = (multiplications) => ({
    models: {
      demo: {
        contenders: {
          'lathe-dense': { decode: 10, multiplications: { decode: 100 } },
          'lathe-lowRank': { decode: 24, multiplications: { decode: multiplications } },
        },
      },
    },
  });
  const key = 'demoDecodeLowRankSpeedOverOperations';
  expect(rowOf(results(25), key).value).toBeCloseTo(2.4 / 4, 12);
  expect(rowOf(results(60), key).value).toBeUndefined();
});

test('shares of the copy bandwidth count on a GPU only', () => {
  const kernels = { rows: [{ form: 'dense', outputs: 4096, inputs: 4096, tokens: 1, copyShare: 0.8 }] };
  expect(rowOf({ kernels, adapter: { isGpu: true } }, 'gemvDenseCopyShare').reached).toBe(true);
  expect(rowOf({ kernels, adapter: { isGpu: false } }, 'gemvDenseCopyShare').value).toBeUndefined();
});

test('targets of upper bounds are reached at or below the target', () => {
  expect(rowOf({ counts: { dispatchesPerLayer: 6 } }, 'dispatchesPerLayer').reached).toBe(true);
  expect(rowOf({ counts: { dispatchesPerLayer: 6.1 } }, 'dispatchesPerLayer').reached).toBe(false);
});

test('of two spectra the slower factorization counts', () => {
  const comparisons = [
    { method: 'kronecker', ratio: 1.5 },
    { method: 'kronecker', ratio: 2.5 },
    { method: 'tensor-train', ratio: 1 },
  ];
  const row = rowOf({ factorization: { comparisons } }, 'factorizeKroneckerOverNumpy');
  expect(row).toMatchObject({ value: 2.5, reached: false });
});

import { expect, test } from 'vitest';
import type { DeviceInfo, KernelCheckResult, Lab } from '../lab/protocol/protocol';
import { checkKernels } from './kernel-checks';
import { createLabStore, type LabContext } from './lab-store';

const ready = { status: 'ready', info: {} as DeviceInfo } as const;
const right = { name: 'layer norm', passed: true, error: 1e-7 };
const wrong = { name: 'GELU', passed: false, error: 0.5 };

function context(selfTest: () => Promise<readonly KernelCheckResult[]>): LabContext {
  return { store: createLabStore({ device: ready }), lab: { selfTest } as Lab };
}

test('passing kernels are counted without a notice', async () => {
  const page = context(async () => [right]);
  await checkKernels(page);
  expect(page.store.getState()).toMatchObject({ kernelChecks: [right], notices: [] });
});

test('a failing kernel becomes a notice that names it', async () => {
  const page = context(async () => [right, wrong]);
  await checkKernels(page);
  const { kernelChecks, notices } = page.store.getState();
  expect(kernelChecks).toEqual([right, wrong]);
  expect(notices).toMatchObject([{ kind: 'error', text: expect.stringContaining('GELU (off by 50 %)') }]);
});

test('results of a device lost meanwhile are not shown', async () => {
  const page = context(async () => {
    page.store.setState({ device: { status: 'lost', message: 'gone' } });
    return [wrong];
  });
  await checkKernels(page);
  expect(page.store.getState().kernelChecks).toBeUndefined();
  expect(page.store.getState().notices).toEqual([]);
  await expect(checkKernels(context(() => Promise.reject(new Error('lost'))))).resolves.toBeUndefined();
});

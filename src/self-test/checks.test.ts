import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type {
  Buffers,
  Kernel,
  KernelDefinition,
  Launch,
  NoScalars,
  Scalars,
  Targets,
} from '../engines/webgpu/define-kernel';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { describeOnEachDevice } from '../testing/each-device';
import { CHECKS } from './checks';
import { type KernelCheckResult, relativeError, runKernelCheck } from './kernel-check';

/** Simulates a driver that miscompiles kernels of this name. */
const driver = vi.hoisted(() => ({ kernel: '', miscompile: (source: string) => source }));

vi.mock(import('../engines/webgpu/define-kernel'), async (original) => {
  const { defineKernel } = await original();
  return {
    defineKernel: <I extends Buffers, O extends Buffers, U extends Scalars = NoScalars>(
      definition: KernelDefinition<I, O, U>,
    ): Kernel<I, O, U> => {
      const kernel = defineKernel(definition);
      const body = () => [definition.body].flat().map((text) => driver.miscompile(text));
      const miscompiled = () => defineKernel({ ...definition, body: body() });
      const isHit = () => driver.kernel !== '' && kernel.name.startsWith(driver.kernel);
      return {
        ...kernel,
        run: <const Given extends Targets<O>>(launch: Launch<I, Given, U>) =>
          (isHit() ? miscompiled() : kernel).run<Given>(launch),
      };
    },
  };
});

describeOnEachDevice(() => {
  test.each(CHECKS)('$name agrees with the CPU', async (check) => {
    const result = await runKernelCheck(check);
    expect(result).toMatchObject({ name: check.name, passed: true });
    expect(result.error).toBeLessThanOrEqual(check.tolerance);
  });
});

describe('a broken driver', () => {
  beforeAll(() => openNodeGpu());
  afterEach(() => void (driver.kernel = ''));

  async function failuresWith(
    kernel: string,
    change: [from: string, to: string],
  ): Promise<KernelCheckResult[]> {
    Object.assign(driver, { kernel, miscompile: (source: string) => source.replaceAll(...change) });
    const results: KernelCheckResult[] = [];
    for (const check of CHECKS) results.push(await runKernelCheck(check));
    return results.filter(({ passed }) => !passed);
  }

  test('is detected if it computes a wrong result, and the kernel is named', async () => {
    const failures = await failuresWith('layer-norm', ['inverseSqrt(', 'sqrt(']);
    expect(failures.map(({ name }) => name)).toEqual(['layer norm']);
    expect(failures[0].error).toBeGreaterThan(1e-3);
  });

  test('is detected if one of many formats is wrong', async () => {
    const failures = await failuresWith('sparse-', ['+=', '-=']);
    expect(failures.length).toBeGreaterThan(0);
    for (const { name } of failures) expect(name).toContain('sparse');
  });

  test('is detected if a kernel does not compile, with the message of the device', async () => {
    const failures = await failuresWith('adamw', ['parameter[index] =', 'parameter[index] :=']);
    expect(failures).toMatchObject([{ name: 'AdamW', passed: false }]);
    expect(failures[0].problem).toContain("expected '=' for assignment");
  });
});

test('a NaN or another length has an infinite error', () => {
  expect(relativeError([1, NaN], [1, 2])).toBe(Infinity);
  expect(relativeError([1], [1, 2])).toBe(Infinity);
  expect(relativeError([3, 4.5], [3, 4])).toBeCloseTo(0.1);
});

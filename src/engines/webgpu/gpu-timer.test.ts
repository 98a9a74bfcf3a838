import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, type Mock, test, vi } from 'vitest';
import { defineKernel } from './define-kernel';
import { closeGpu } from './device';
import { busyMilliseconds, GpuTimer } from './gpu-timer';
import { openNodeGpu } from './node-gpu';
import { readFloats } from './transfer';

afterEach(() => {
  vi.restoreAllMocks();
  closeGpu();
});

/** Adds one, after enough steps to keep a GPU busy. */
const NEXT = defineKernel({
  name: 'next',
  inputs: { x: 'array<f32>' },
  outputs: { y: 'array<f32>' },
  body: `@compute @workgroup_size(1) fn main() {
    var sum = x[0];
    for (var step = 0; step < 4096; step++) { sum += 1.0 / 4096.0; }
    y[0] = sum;
  }`,
});

/** Counts up from 0, alternating between Lathe's kernels and tfjs's, with more dispatches than one submission holds. */
function countTo(last: number): tf.Tensor {
  return tf.tidy(() => {
    let count: tf.Tensor = tf.tensor1d([0]);
    for (let step = 1; step <= last; step++) {
      const input = count;
      count =
        step % 2 === 0
          ? tf.add(input, 1)
          : NEXT.run({ inputs: { x: input }, outputs: { y: [1] }, workgroups: [1] }).y;
    }
    return count;
  });
}

async function counted(last: number): Promise<number> {
  const tensor = countTo(last);
  const [value] = await readFloats(tensor);
  tensor.dispose();
  return value;
}

/** Records calls of `destroy` on objects that the device creates from now on by this method. */
function destroyCalls(device: GPUDevice, method: 'createBuffer' | 'createQuerySet'): Mock[] {
  const calls: Mock[] = [];
  const create = device[method].bind(device) as (descriptor: unknown) => GPUBuffer & GPUQuerySet;
  vi.spyOn(device, method).mockImplementation((descriptor: unknown) => {
    const made = create(descriptor);
    calls.push(vi.spyOn(made, 'destroy'));
    return made;
  });
  return calls;
}

describe('on a device with timestamp-query', () => {
  test('stamps the passes between start and stop, and no others', async () => {
    const { device } = await openNodeGpu();
    const createQuerySet = vi.spyOn(device, 'createQuerySet');
    const timer = GpuTimer.open()!;
    expect(await counted(100)).toBe(100);
    timer.start();
    expect(createQuerySet).not.toHaveBeenCalled();
    expect(await timer.stop()).toBeUndefined();
    timer.start();
    expect(await counted(150)).toBe(150);
    expect(await timer.stop()).toBeGreaterThanOrEqual(0);
    expect(createQuerySet).toHaveBeenCalledTimes(1);
    timer.destroy();
    expect(Object.hasOwn(device, 'createCommandEncoder')).toBe(false);
    expect(await counted(100)).toBe(100);
  });

  test('is used again, takes more passes than one query set holds, and frees what it made', async () => {
    const { device } = await openNodeGpu();
    const errors = vi.fn();
    device.addEventListener('uncapturederror', errors);
    const querySets = destroyCalls(device, 'createQuerySet');
    const buffers = destroyCalls(device, 'createBuffer');
    const timer = GpuTimer.open()!;
    const passCounts = [1, 2049, 3];
    for (const passes of passCounts) {
      timer.start();
      const encoder = device.createCommandEncoder();
      for (let pass = 0; pass < passes; pass++) encoder.beginComputePass().end();
      device.queue.submit([encoder.finish()]);
      expect(await timer.stop()).toBeGreaterThanOrEqual(0);
    }
    expect(buffers).toHaveLength(2 * passCounts.length);
    for (const destroy of buffers) expect(destroy).toHaveBeenCalledTimes(1);
    expect(querySets).toHaveLength(2);
    for (const destroy of querySets) expect(destroy).not.toHaveBeenCalled();
    timer.destroy();
    for (const destroy of querySets) expect(destroy).toHaveBeenCalledTimes(1);
    expect(errors).not.toHaveBeenCalled();
  });

  test('work that failed half encoded leaves a device that works', async () => {
    const { device } = await openNodeGpu();
    const errors = vi.fn();
    device.addEventListener('uncapturederror', errors);
    const timer = GpuTimer.open()!;
    timer.start();
    const half = countTo(10);
    timer.destroy();
    expect(Array.from(await readFloats(half))).toEqual([10]);
    half.dispose();
    expect(await counted(100)).toBe(100);
    await device.queue.onSubmittedWorkDone();
    expect(errors).not.toHaveBeenCalled();
  });
});

test('there is no timer where the device has no timestamp-query', async () => {
  await openNodeGpu({ withoutFeatures: ['timestamp-query'] });
  expect(GpuTimer.open()).toBeUndefined();
});

describe('the busy time of stamps in nanoseconds', () => {
  const busy = (...stamps: number[]) => busyMilliseconds(BigUint64Array.from(stamps, BigInt));

  test('adds passes, without the gaps between them', () => {
    expect(busy(1e6, 3e6)).toBe(2);
    expect(busy(1e6, 3e6, 10e6, 10.5e6)).toBe(2.5);
  });

  test('counts once what passes share, in whichever order they began', () => {
    expect(busy(1e6, 3e6, 2e6, 4e6)).toBe(3);
    expect(busy(5e6, 6e6, 1e6, 9e6)).toBe(8);
  });

  test('is nothing for passes below the rounding of the clock', () => {
    expect(busy(1e6, 1e6)).toBe(0);
  });

  test('is unknown without passes and where stamps make no sense', () => {
    expect(busy()).toBeUndefined();
    expect(busy(3e6, 1e6)).toBeUndefined();
    expect(busy(1e6, 2e6, 0, 0)).toBeUndefined();
  });
});

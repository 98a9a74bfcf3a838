import { afterAll, beforeAll, describe } from 'vitest';
import { closeGpu, type DeviceOptions } from '../engines/webgpu/device';
import { installNodeGpu, openNodeGpu } from '../engines/webgpu/node-gpu';

type Device = readonly [string, DeviceOptions];

/** Device options for every variant of the kernels that one adapter can run. */
const DEVICES: readonly Device[] = [
  ['software, subgroups', { kernelsFor: 'software' }],
  ['software, plain', { kernelsFor: 'software', withoutFeatures: ['subgroups'] }],
  ['hardware, subgroups', { kernelsFor: 'hardware' }],
  ['hardware, plain', { kernelsFor: 'hardware', withoutFeatures: ['subgroups'] }],
];

/** Subgroups that products of hardware devices use; with subgroups of another size their kernels are the plain ones. */
const HARDWARE_LANES = 32;

/** Declares the same tests for each set of device options. */
export function describeOnEachDevice(tests: () => void): void {
  describeOn(DEVICES, tests);
}

/** Declares the same tests for each set of device options that gives products and contractions other kernels. */
export function describeOnEachProductDevice(tests: () => void): void {
  const [onSoftware, plainOnSoftware, onHardware, plainOnHardware] = DEVICES;
  const differs = subgroupLanes === HARDWARE_LANES;
  describeOn([onSoftware, plainOnSoftware, ...(differs ? [onHardware] : []), plainOnHardware], tests);
}

function describeOn(devices: readonly Device[], tests: () => void): void {
  describe.each(devices)('%s', (_, options) => {
    beforeAll(async () => {
      closeGpu();
      await openNodeGpu(options);
    });
    afterAll(() => closeGpu());
    tests();
  });
}

installNodeGpu();
const subgroupLanes = (await navigator.gpu.requestAdapter())?.info.subgroupMinSize;

import { afterAll, beforeAll, describe } from 'vitest';
import { closeGpu, type DeviceOptions } from '../engines/webgpu/device';
import { openNodeGpu } from '../engines/webgpu/node-gpu';

/** Device options for every variant of the kernels that one adapter can run. */
const DEVICES: readonly [string, DeviceOptions][] = [
  ['software, subgroups', { kernelsFor: 'software' }],
  ['software, plain', { kernelsFor: 'software', withoutFeatures: ['subgroups'] }],
  ['hardware, subgroups', { kernelsFor: 'hardware' }],
  ['hardware, plain', { kernelsFor: 'hardware', withoutFeatures: ['subgroups'] }],
];

/** Declares the same tests for each set of device options. */
export function describeOnEachDevice(tests: () => void): void {
  describe.each(DEVICES)('%s', (_, options) => {
    beforeAll(async () => {
      closeGpu();
      await openNodeGpu(options);
    });
    afterAll(() => closeGpu());
    tests();
  });
}

import { create, globals } from 'webgpu';
import { type DeviceOptions, type Gpu, isSoftware, openGpu } from './device';
import { restBetweenPolls } from './rest-between-polls';

/**
 * Puts Dawn (npm `webgpu`) under `navigator.gpu` of Node, so that the product's own code runs here.
 * Which Vulkan driver it finds is a matter of the environment that the process started in (`scripts/browser.mjs`).
 */
export function installNodeGpu(): void {
  if (globalThis.navigator?.gpu) return;
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (options) => {
    const adapter = await requestAdapter(options);
    if (adapter && isSoftware(adapter.info)) restBetweenPolls();
    return adapter;
  };
  Object.defineProperty(globalThis.navigator ?? defineNavigator(), 'gpu', { value: gpu, configurable: true });
}

/** Opens the GPU in Node; a missing adapter is an error, never a silent pass. */
export async function openNodeGpu(options: DeviceOptions = {}): Promise<Gpu> {
  installNodeGpu();
  return openGpu(options);
}

function defineNavigator(): Navigator {
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  return globalThis.navigator;
}

import { create, globals } from 'webgpu';
import { type DeviceOptions, type Gpu, isSoftware, openGpu } from './device';
import { restBetweenPolls } from './rest-between-polls';

/**
 * Installs Dawn (npm `webgpu`) as `navigator.gpu` in Node, so that the product's own code runs there. The process's
 * environment determines the Vulkan driver (`scripts/browser.mjs`).
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

/** Opens the GPU in Node. @throws Error if there is no adapter, so that tests never pass silently */
export async function openNodeGpu(options: DeviceOptions = {}): Promise<Gpu> {
  installNodeGpu();
  return openGpu(options);
}

function defineNavigator(): Navigator {
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  return globalThis.navigator;
}

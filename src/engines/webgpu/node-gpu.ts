import { existsSync } from 'node:fs';
import { create, globals } from 'webgpu';
import { type DeviceOptions, type Gpu, isSoftware, openGpu } from './device';
import { restBetweenPolls } from './rest-between-polls';

/** Where distributions put SwiftShader's Vulkan driver; used where the machine names no driver of its own. */
const SWIFTSHADER_DRIVERS = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib/chromium-browser/vk_swiftshader_icd.json',
  '/opt/google/chrome/vk_swiftshader_icd.json',
];

/**
 * Puts Dawn (npm `webgpu`) under `navigator.gpu` of Node, so that the product's own code runs here.
 * Where no Vulkan driver is chosen by `VK_ICD_FILENAMES` and Chromium is installed, its SwiftShader is taken.
 */
export function installNodeGpu(): void {
  if (globalThis.navigator?.gpu) return;
  if (!process.env.VK_ICD_FILENAMES && !process.env.VK_DRIVER_FILES) {
    const driver = SWIFTSHADER_DRIVERS.find((path) => existsSync(path));
    if (driver) process.env.VK_ICD_FILENAMES = driver;
  }
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

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Folders in which browsers install SwiftShader and the Vulkan loader. */
const VULKAN_FOLDERS = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'];

/**
 * Environment in which Dawn in Node finds a Vulkan driver and loader: the machine's own if it has one, otherwise
 * those of a browser. For a process to be started, since the loader reads its environment at the start.
 * @param {string} [browserPath]
 * @returns {NodeJS.ProcessEnv}
 */
export function gpuEnvironment(browserPath) {
  const environment = { ...process.env };
  if (process.platform !== 'linux') return environment;
  // Without it the Vulkan loader prints a warning to stderr, which should contain one line of error.
  environment.XDG_RUNTIME_DIR ??= tmpdir();
  const folders = [...VULKAN_FOLDERS, ...(browserPath ? [dirname(browserPath)] : [])];
  const loaderFolder = folders.find((folder) => existsSync(join(folder, 'libvulkan.so.1')));
  if (!hasSystemVulkanLoader() && loaderFolder) {
    environment.LD_LIBRARY_PATH = [loaderFolder, environment.LD_LIBRARY_PATH].filter(Boolean).join(':');
  }
  const driver = folders
    .map((folder) => join(folder, 'vk_swiftshader_icd.json'))
    .find((path) => existsSync(path));
  if (driver && !hasVulkanDriver()) {
    environment.VK_ICD_FILENAMES = driver;
  }
  return environment;
}

function hasSystemVulkanLoader() {
  const cache = spawnSync('ldconfig', ['-p'], { encoding: 'utf8' });
  return /libvulkan\.so\.1/.test(cache.stdout ?? '');
}

/**
 * Whether a Vulkan driver is named or there is a GPU. Mesa's software rasteriser alone does not count: before version
 * 25 Dawn refuses it.
 */
export function hasVulkanDriver() {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  return (
    Boolean(VK_ICD_FILENAMES || VK_DRIVER_FILES) || existsSync('/dev/dri') || existsSync('/dev/nvidiactl')
  );
}

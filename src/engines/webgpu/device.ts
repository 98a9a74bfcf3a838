import * as tf from '@tensorflow/tfjs';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

/** Description of the device for the page and for reports. */
export interface DeviceDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** Whether it is a software rasteriser, whose figures say little about real GPUs. */
  readonly isFallback: boolean;
  readonly features: readonly string[];
  /** WGSL language features that kernels use and this browser supports. */
  readonly languageFeatures: readonly string[];
  /** Maximum bytes of one kernel binding (`maxStorageBufferBindingSize`). */
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
}

/** Device that runs all kernels, with tfjs's backend registered on it. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly backend: WebGPUBackend;
  readonly description: DeviceDescription;
  /** Kind of device that kernels are tuned for. */
  readonly kernelsFor: 'software' | 'hardware';
  /** Resolves with the reason when the device is lost. */
  readonly lost: Promise<string>;
}

export interface DeviceOptions {
  /** Limits the bytes per buffer of large matrices, to test devices with the default of 128 MiB, or less. */
  readonly maxBindingBytes?: number;
  /** Optional features to disable although the adapter has them, to test the kernels' fallbacks. */
  readonly withoutFeatures?: readonly GPUFeatureName[];
  /** WGSL language features to disable. */
  readonly withoutLanguageFeatures?: readonly LanguageFeature[];
  /** Tunes kernels for another kind of device than the adapter, to test them. */
  readonly kernelsFor?: 'software' | 'hardware';
}

/** Explains in one sentence why no GPU can be used, and in another what to do. */
export class GpuUnavailableError extends Error {
  override readonly name = 'GpuUnavailableError';
}

/** `dot4I8Packed` and related functions. */
export type LanguageFeature = 'packed_4x8_integer_dot_product';

const LANGUAGE_FEATURES: readonly LanguageFeature[] = ['packed_4x8_integer_dot_product'];

const OPTIONAL_FEATURES: readonly GPUFeatureName[] = ['subgroups', 'shader-f16', 'timestamp-query'];

/** Number of dispatches after which tfjs submits its command buffer; fewer submissions mean less overhead per token. */
const DISPATCHES_PER_SUBMISSION = 64;

let current: Gpu | undefined;
/** Options of the open device, as JSON. */
let currentOptions = '';

/**
 * Opens the GPU with the adapter's maximum limits and the supported optional features, and registers tfjs's WebGPU backend on
 * the device.
 *
 * @throws GpuUnavailableError if there is no `navigator.gpu` or no adapter, or the device request fails
 */
export async function openGpu(options: DeviceOptions = {}): Promise<Gpu> {
  if (current && currentOptions === JSON.stringify(options)) return current;
  closeGpu();
  if (typeof navigator === 'undefined' || !navigator.gpu) {
    throw new GpuUnavailableError(
      'This browser does not offer WebGPU. Use a current Chrome, Edge, Safari 26 or Firefox 141, over https or localhost.',
    );
  }
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    throw new GpuUnavailableError(
      'WebGPU is there, but it found no graphics adapter. Turn on hardware acceleration in the browser settings, update the graphics driver, or open chrome://gpu to see what blocks it.',
    );
  }
  const features = OPTIONAL_FEATURES.filter(
    (feature) => adapter.features.has(feature) && !options.withoutFeatures?.includes(feature),
  );
  const device = await requestDevice(adapter, features, options);
  await tf.setBackend('cpu').catch(() => false);
  if (tf.engine().registryFactory['webgpu']) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => new WebGPUBackend(device, adapter.info), 3);
  if (!(await tf.setBackend('webgpu'))) {
    throw new GpuUnavailableError(
      'The WebGPU backend could not be started on this adapter. Reload the page, or update the graphics driver.',
    );
  }
  await tf.ready();
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', DISPATCHES_PER_SUBMISSION);
  const description = describe(adapter, device, options);
  const gpu: Gpu = {
    device,
    backend: tf.backend() as WebGPUBackend,
    description,
    kernelsFor: options.kernelsFor ?? (description.isFallback ? 'software' : 'hardware'),
    lost: device.lost.then((info) => {
      if (current?.device === device) current = undefined;
      return `The graphics device was lost (${info.message || info.reason || 'no reason given'}).`;
    }),
  };
  current = gpu;
  currentOptions = JSON.stringify(options);
  return gpu;
}

/**
 * Returns the open device.
 * @throws Error before `openGpu` or after the device was lost
 */
export function currentGpu(): Gpu {
  if (!current) throw new GpuUnavailableError('No graphics device is open: it was lost or never opened.');
  return current;
}

/** Whether a device is open. */
export function isGpuOpen(): boolean {
  return current !== undefined;
}

/** Destroys the open device, after a loss or to open it with other options. */
export function closeGpu(): void {
  current?.device.destroy();
  current = undefined;
}

async function requestDevice(
  adapter: GPUAdapter,
  features: GPUFeatureName[],
  options: DeviceOptions,
): Promise<GPUDevice> {
  const { limits } = adapter;
  const maxBindingBytes = Math.min(limits.maxStorageBufferBindingSize, options.maxBindingBytes ?? Infinity);
  try {
    return await adapter.requestDevice({
      requiredFeatures: features,
      requiredLimits: {
        maxStorageBufferBindingSize: maxBindingBytes,
        maxBufferSize: limits.maxBufferSize,
        maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
        maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
        maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
        maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
        maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
        maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      },
    });
  } catch (error) {
    throw new GpuUnavailableError(
      `The graphics adapter refused to open a device (${(error as Error).message}). Close other pages that use the GPU and reload.`,
    );
  }
}

/** Whether an adapter renders in software on the CPU. */
export function isSoftware({ isFallbackAdapter, architecture, description }: GPUAdapterInfo): boolean {
  return isFallbackAdapter ?? /swiftshader|llvmpipe/i.test(`${architecture} ${description}`);
}

function describe(adapter: GPUAdapter, device: GPUDevice, options: DeviceOptions): DeviceDescription {
  const { vendor, architecture, device: name, description } = adapter.info;
  return {
    vendor,
    architecture,
    device: name,
    description,
    isFallback: isSoftware(adapter.info),
    features: [...device.features].sort(),
    // Browsers before 2023 lack this set.
    languageFeatures: LANGUAGE_FEATURES.filter(
      (feature) =>
        navigator.gpu.wgslLanguageFeatures?.has(feature) &&
        !options.withoutLanguageFeatures?.includes(feature),
    ),
    // A device always has at least WebGPU's default of 128 MiB; a lower limit lets small tests split their matrices.
    maxBindingBytes: Math.min(device.limits.maxStorageBufferBindingSize, options.maxBindingBytes ?? Infinity),
    maxBufferBytes: device.limits.maxBufferSize,
  };
}

import * as tf from '@tensorflow/tfjs';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

/** What the page says about the device that figures were measured on. */
export interface DeviceDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** A software rasteriser: figures say little about real GPUs. */
  readonly isFallback: boolean;
  readonly features: readonly string[];
  /** Of the optional parts of WGSL those that kernels use and this browser knows. */
  readonly languageFeatures: readonly string[];
  /** Bytes one kernel binding may span (`maxStorageBufferBindingSize`). */
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
}

/** The device that every kernel runs on, with tfjs's backend registered on it. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly backend: WebGPUBackend;
  readonly description: DeviceDescription;
  /** For which kind of device kernels are cut. */
  readonly kernelsFor: 'software' | 'hardware';
  /** Settles when the device is lost; the message says why in words. */
  readonly lost: Promise<string>;
}

export interface DeviceOptions {
  /** Caps the bytes that large matrices may take in one buffer, to test devices of the default 128 MiB, or of less. */
  readonly maxBindingBytes?: number;
  /** Optional features to leave off although the adapter has them, to test the plain twins of kernels. */
  readonly withoutFeatures?: readonly GPUFeatureName[];
  /** The same for optional parts of WGSL. */
  readonly withoutLanguageFeatures?: readonly LanguageFeature[];
  /** Cuts kernels for another kind of device than the adapter is, to test them. */
  readonly kernelsFor?: 'software' | 'hardware';
}

/** Why no GPU can be used: one sentence of what is wrong and one of what to do. */
export class GpuUnavailableError extends Error {
  override readonly name = 'GpuUnavailableError';
}

/** `dot4I8Packed` and what goes with it. */
export type LanguageFeature = 'packed_4x8_integer_dot_product';

const LANGUAGE_FEATURES: readonly LanguageFeature[] = ['packed_4x8_integer_dot_product'];

const OPTIONAL_FEATURES: readonly GPUFeatureName[] = ['subgroups', 'shader-f16', 'timestamp-query'];

/** tfjs submits its command buffer after this many dispatches; fewer submissions, less overhead a token. */
const DISPATCHES_PER_SUBMISSION = 64;

let current: Gpu | undefined;
/** Options that it was opened with, as JSON. */
let currentOptions = '';

/**
 * Opens the GPU, where it is not open with these options already: asks the adapter for its greatest limits and for those optional features that it has, and
 * registers tfjs's WebGPU backend on that device.
 *
 * @throws GpuUnavailableError where there is no `navigator.gpu`, no adapter, or the device request fails
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
 * The device that is open.
 * @throws Error before `openGpu` or after the device was lost
 */
export function currentGpu(): Gpu {
  if (!current) throw new GpuUnavailableError('No graphics device is open: it was lost or never opened.');
  return current;
}

/** Whether a device is open now. */
export function isGpuOpen(): boolean {
  return current !== undefined;
}

/** Forgets the open device and destroys it: after a loss, or to open it again with other options. */
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

/** Whether an adapter is the processor itself, by a driver that computes there. */
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
    // Browsers of before 2023 have no such set.
    languageFeatures: LANGUAGE_FEATURES.filter(
      (feature) =>
        navigator.gpu.wgslLanguageFeatures?.has(feature) &&
        !options.withoutLanguageFeatures?.includes(feature),
    ),
    // A device never has less than WebGPU's default of 128 MiB; a lower cap lets small tests split their matrices.
    maxBindingBytes: Math.min(device.limits.maxStorageBufferBindingSize, options.maxBindingBytes ?? Infinity),
    maxBufferBytes: device.limits.maxBufferSize,
  };
}

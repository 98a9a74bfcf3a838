import type { DataId, Tensor } from '@tensorflow/tfjs';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

/**
 * Internals of tfjs's WebGPU backend, hidden by its type declarations, that Lathe uses to encode its own kernels between
 * those of tfjs. tfjs 4.22 is its last release, so these names are stable.
 */
export interface BackendInternals {
  readonly tensorMap: { get(dataId: DataId): { resource: GPUBuffer | null; values: unknown } };
  readonly bufferManager: {
    acquireBuffer(size: number, usage: number, mappedAtCreation?: boolean, reuse?: boolean): GPUBuffer;
    releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
    readonly freeBuffers: Map<string, GPUBuffer[]>;
    numFreeBuffers: number;
    numBytesAllocated: number;
    numBytesUsed: number;
  };
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  readonly commandQueueOwnedIds: WeakSet<DataId>;
  readonly uniformPendingDisposal: GPUBuffer[];
  uploadToGPU(dataId: DataId): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  runWebGPUProgram(...parameters: unknown[]): unknown;
  makeTensorInfo(shape: number[], dtype: string): { dataId: DataId; shape: number[]; dtype: string };
}

/**
 * Internals of tfjs's engine, hidden by its type declarations, by which `tf.customGrad` runs an op and records it on the
 * tape.
 */
export interface EngineInternals {
  runKernelFunc(op: {
    inputs: Readonly<Record<string, Tensor>>;
    forwardFunc(backend: unknown, save: (tensors: Tensor[]) => void): Tensor[];
    backwardsFunc(changes: Tensor | Tensor[], saved: Tensor[]): Readonly<Record<string, () => Tensor>>;
  }): Tensor[];
}

/** Returns the engine typed with its internals. */
export function engineInternals(engine: unknown): EngineInternals {
  return engine as EngineInternals;
}

/** Returns the backend typed with its internals. */
export function internalsOf(backend: WebGPUBackend): BackendInternals {
  return backend as unknown as BackendInternals;
}

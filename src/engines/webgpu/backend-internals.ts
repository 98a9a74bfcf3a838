import type { DataId, Tensor } from '@tensorflow/tfjs';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

/**
 * The part of tfjs's WebGPU backend that its type declarations hide and that Lathe needs in order to encode its
 * own kernels between tfjs's. tfjs 4.22 is its last release, so these names stand still.
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

/** The part of tfjs's engine that its type declarations hide: how `tf.customGrad` itself runs an op and puts it on the tape. */
export interface EngineInternals {
  runKernelFunc(op: {
    inputs: Readonly<Record<string, Tensor>>;
    forwardFunc(backend: unknown, save: (tensors: Tensor[]) => void): Tensor[];
    backwardsFunc(changes: Tensor | Tensor[], saved: Tensor[]): Readonly<Record<string, () => Tensor>>;
  }): Tensor[];
}

/** Sees the engine with its internals. */
export function engineInternals(engine: unknown): EngineInternals {
  return engine as EngineInternals;
}

/** Sees the backend with its internals. */
export function internalsOf(backend: WebGPUBackend): BackendInternals {
  return backend as unknown as BackendInternals;
}

import * as tf from '@tensorflow/tfjs';
import { internalsOf } from './backend-internals';
import { countGpu } from './counters';
import { currentGpu } from './device';

/** Bytes on the GPU, as tfjs's buffer manager counts them. */
export interface GpuMemory {
  /** Tensors that are alive. */
  readonly tensors: number;
  /** Bytes of buffers in use. */
  readonly usedBytes: number;
  /** Bytes allocated, kept for reuse included. */
  readonly allocatedBytes: number;
}

/** What the GPU holds now. */
export function gpuMemory(): GpuMemory {
  const { bufferManager } = internalsOf(currentGpu().backend);
  return {
    tensors: tf.memory().numTensors,
    usedBytes: bufferManager.numBytesUsed,
    allocatedBytes: bufferManager.numBytesAllocated,
  };
}

/**
 * Gives buffers that nothing uses back to the device. tfjs keeps every freed buffer by exact size for ever, so a
 * discarded variant would never give its memory back.
 */
export function releaseFreeBuffers(): void {
  const internals = internalsOf(currentGpu().backend);
  submitPendingWork();
  const { bufferManager } = internals;
  for (const [key, buffers] of bufferManager.freeBuffers) {
    for (const buffer of buffers) {
      bufferManager.numBytesAllocated -= buffer.size;
      bufferManager.numFreeBuffers--;
      buffer.destroy();
    }
    // The key stays: the manager takes an entry for every size it has seen for granted.
    bufferManager.freeBuffers.set(key, []);
  }
}

/** Free buffers that are kept for reuse between batches; beyond it they go back to the device. */
const MAX_FREE_BYTES = 128 * 1024 * 1024;

/** Bytes of buffers that nothing uses. */
export function freeBytes(): number {
  const { usedBytes, allocatedBytes } = gpuMemory();
  return allocatedBytes - usedBytes;
}

/**
 * Gives free buffers back once they take more than is worth keeping: between batches of ever other shapes, whose
 * buffers the next batch has no use for.
 * @returns whether they did
 */
export function limitFreeBuffers(mostBytes = MAX_FREE_BYTES): boolean {
  const isOver = freeBytes() > mostBytes;
  if (isOver) releaseFreeBuffers();
  return isOver;
}

/** Submits what has been encoded, so that the GPU starts on it now. */
export function submitPendingWork(): void {
  const internals = internalsOf(currentGpu().backend);
  if (!internals.commandEncoder) return;
  internals.endComputePassEncoder();
  internals.submitQueue();
  countGpu('submissions');
}

/** Resolves when the GPU has done all that was asked of it. */
export async function gpuIdle(): Promise<void> {
  submitPendingWork();
  await currentGpu().device.queue.onSubmittedWorkDone();
}

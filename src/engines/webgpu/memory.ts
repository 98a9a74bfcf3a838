import * as tf from '@tensorflow/tfjs';
import { internalsOf } from './backend-internals';
import { countGpu } from './counters';
import { currentGpu } from './device';

/** GPU memory as counted by tfjs's buffer manager. */
export interface GpuMemory {
  /** Number of live tensors. */
  readonly tensors: number;
  /** Bytes of buffers in use. */
  readonly usedBytes: number;
  /** Bytes allocated, including free buffers kept for reuse. */
  readonly allocatedBytes: number;
}

/** Returns the current GPU memory. */
export function gpuMemory(): GpuMemory {
  const { bufferManager } = internalsOf(currentGpu().backend);
  return {
    tensors: tf.memory().numTensors,
    usedBytes: bufferManager.numBytesUsed,
    allocatedBytes: bufferManager.numBytesAllocated,
  };
}

/**
 * Destroys unused buffers. tfjs pools every freed buffer by exact size forever, so a discarded variant would never release
 * its memory.
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
    // The key stays, because the manager assumes an entry for every size that it has seen.
    bufferManager.freeBuffers.set(key, []);
  }
}

/** Maximum bytes of free buffers kept for reuse between batches. */
const MAX_FREE_BYTES = 128 * 1024 * 1024;

/** Bytes of unused buffers. */
export function freeBytes(): number {
  const { usedBytes, allocatedBytes } = gpuMemory();
  return allocatedBytes - usedBytes;
}

/**
 * Destroys free buffers if they exceed a limit, as between batches of different shapes, which cannot reuse them.
 * @returns whether it destroyed them
 */
export function limitFreeBuffers(mostBytes = MAX_FREE_BYTES): boolean {
  const isOver = freeBytes() > mostBytes;
  if (isOver) releaseFreeBuffers();
  return isOver;
}

/** Submits encoded commands, so that the GPU starts on them now. */
export function submitPendingWork(): void {
  const internals = internalsOf(currentGpu().backend);
  if (!internals.commandEncoder) return;
  internals.endComputePassEncoder();
  internals.submitQueue();
  countGpu('submissions');
}

/** Resolves when the GPU has finished all submitted work. */
export async function gpuIdle(): Promise<void> {
  submitPendingWork();
  await currentGpu().device.queue.onSubmittedWorkDone();
}

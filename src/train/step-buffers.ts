import { freeBytes, limitFreeBuffers, releaseFreeBuffers } from '../engines/webgpu/memory';

/** Limit on free buffers, as a multiple of the most that one step leaves. */
const STEPS_KEPT = 2;

/**
 * Bounds the free GPU buffers left by steps. tfjs pools freed buffers by exact size: a step of the same shape reuses them
 * all, but sentences give almost every batch another length, which cannot reuse them.
 */
export class StepBuffers {
  /** Most bytes left by a step that started without free buffers. */
  private mostBytesOfStep = 0;
  private startedEmpty = false;

  /** Call before the first step, and after any other work that left buffers. */
  begin(): void {
    releaseFreeBuffers();
    this.startedEmpty = true;
  }

  /** Call between two steps. */
  limit(): void {
    if (this.startedEmpty) this.mostBytesOfStep = Math.max(this.mostBytesOfStep, freeBytes());
    this.startedEmpty = limitFreeBuffers(STEPS_KEPT * this.mostBytesOfStep);
  }
}

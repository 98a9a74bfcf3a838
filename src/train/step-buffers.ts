import { freeBytes, limitFreeBuffers, releaseFreeBuffers } from '../engines/webgpu/memory';

/** Free buffers that are kept, as a multiple of the most that one step leaves. */
const STEPS_KEPT = 2;

/**
 * Bounds what steps leave behind on the GPU. tfjs keeps every freed buffer by exact size: the next step of the same shape takes
 * them all again, but sentences make a batch of another length at almost every step, which has no use for them.
 */
export class StepBuffers {
  /** The most bytes that a step left which found none. */
  private mostOfOne = 0;
  private foundNone = false;

  /** Before the first step, and wherever something else than steps left buffers. */
  begin(): void {
    releaseFreeBuffers();
    this.foundNone = true;
  }

  /** To be called between two steps. */
  limit(): void {
    if (this.foundNone) this.mostOfOne = Math.max(this.mostOfOne, freeBytes());
    this.foundNone = limitFreeBuffers(STEPS_KEPT * this.mostOfOne);
  }
}

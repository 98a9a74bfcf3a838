import { attempt } from '../engines/webgpu/attempt';
import { releaseFreeBuffers } from '../engines/webgpu/memory';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import { TrainingError } from './training-error';

/**
 * Into how many parts a batch is cut so that the GPU can hold what its gradient takes. A batch larger than any before is tried
 * first; one that does not fit is cut into twice as many parts.
 */
export class BatchFit {
  private readonly messages: string[] = [];
  /** Tokens of the largest part that is known to fit, of each kind of work. */
  private readonly fitting = new Map<object, number>();

  /** @param parts to begin with */
  constructor(public parts: number) {}

  /** What a user should know since the last call. */
  takeMessages(): string[] {
    return this.messages.splice(0);
  }

  /**
   * @param work computes with the batch in so many parts, and leaves everything as it was but for what it returns
   * @param discard disposes of what a work returned that did not fit
   * @param kind stands for all work that takes as much of the GPU
   * @throws TrainingError where one sequence alone does not fit
   */
  async run<T>(
    batch: TrainingBatch,
    work: (parts: number) => T,
    discard: (result: T) => void,
    kind: object,
  ): Promise<T> {
    for (;;) {
      const parts = Math.min(this.parts, batch.batch);
      const sequences = Math.ceil(batch.batch / parts);
      const tokens = sequences * batch.length;
      if (tokens <= (this.fitting.get(kind) ?? 0)) return work(parts);
      const { result, problem } = await attempt(() => work(parts));
      if (problem === undefined) {
        this.fitting.set(kind, tokens);
        return result as T;
      }
      if (result !== undefined) discard(result);
      releaseFreeBuffers();
      if (sequences === 1) {
        throw new TrainingError(
          `One sequence of ${batch.length} tokens does not fit this GPU (${problem}); train on shorter sequences.`,
        );
      }
      this.parts = parts * 2;
      this.messages.push(
        `${sequences} sequences of ${batch.length} tokens at once do not fit this GPU; the batch now runs in ${Math.min(this.parts, batch.batch)} parts, which gives the same updates.`,
      );
    }
  }
}

import { attempt } from '../engines/webgpu/attempt';
import { releaseFreeBuffers } from '../engines/webgpu/memory';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import { TrainingError } from './training-error';

/**
 * Number of parts that a batch is cut into so that its gradient fits the GPU. A batch larger than any before is tried first;
 * if it does not fit, the number of parts doubles.
 */
export class BatchFit {
  private readonly messages: string[] = [];
  /** Tokens of the largest part known to fit, for each kind of work. */
  private readonly fitting = new Map<object, number>();

  /** @param parts initial number of parts */
  constructor(public parts: number) {}

  /** Returns and clears the messages for the user. */
  takeMessages(): string[] {
    return this.messages.splice(0);
  }

  /**
   * @param work computes with the batch in `parts` parts; has no effect besides its result
   * @param discard disposes of a result whose computation did not fit
   * @param kind identifies work with the same memory needs
   * @throws TrainingError if a single sequence does not fit
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

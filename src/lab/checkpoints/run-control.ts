import type { TrainingControl } from '../../train/training-context';

/** Command for a training run; `finish` ends it now with the best state so far. */
export type TrainingAction = 'pause' | 'resume' | 'finish';

/** Pauses, resumes and ends the training steps of a recipe; cancelling also ends a pause. */
export class RunControl implements TrainingControl {
  isFinishing = false;
  isPaused = false;
  private waiting: (() => void)[] = [];

  constructor(private readonly signal?: AbortSignal) {
    signal?.addEventListener('abort', () => this.wake());
  }

  /** A request to finish does not carry over to the next step. */
  beginStep(): void {
    this.isFinishing = false;
  }

  apply(action: TrainingAction): void {
    this.isPaused = action === 'pause';
    if (action === 'finish') this.isFinishing = true;
    if (!this.isPaused) this.wake();
  }

  async untilRunning(): Promise<void> {
    if (!this.isPaused || this.isFinishing || this.signal?.aborted) return;
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

import type { TrainingControl } from '../../train/training-context';

/** What can be told a run of training: to wait, to go on, to end now and keep the best so far. */
export type TrainingAction = 'pause' | 'resume' | 'finish';

/** Pause, resume and early end from outside, of one step of a recipe after the other; a cancelled run does not wait either. */
export class RunControl implements TrainingControl {
  isFinishing = false;
  isPaused = false;
  private waiting: (() => void)[] = [];

  constructor(private readonly signal?: AbortSignal) {
    signal?.addEventListener('abort', () => this.wake());
  }

  /** Another step of the recipe begins to train: the end of the one before was not meant for it. */
  beginStep(): void {
    this.isFinishing = false;
  }

  act(action: TrainingAction): void {
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

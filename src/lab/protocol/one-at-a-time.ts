/** Time without an operation after which the lab counts as idle; operations often follow each other immediately. */
const QUIET_MS = 200;

/** Runs operations one after the other in the order of the calls, because there is one GPU. */
export class OneAtATime {
  private last: Promise<unknown> = Promise.resolve();
  /** Number of running and waiting operations. */
  private pending = 0;
  private quietSince = -Infinity;

  /** @throws the signal's reason if it is aborted before the operation starts; errors of the operation */
  async run<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.pending++;
    try {
      return await this.inTurn(operation, signal);
    } finally {
      this.pending--;
      this.quietSince = performance.now();
    }
  }

  /**
   * Runs a short step of background work once no operation runs, waits or has just ended. An operation requested meanwhile
   * waits for at most this one step.
   * @throws the signal's reason if it is aborted before the step starts; errors of the step
   */
  async whenIdle<T>(step: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    do {
      await this.last;
      // Pauses even when quiet, so that messages in the event loop come first.
      await pause(Math.max(0, this.quietFrom() - performance.now()));
      signal?.throwIfAborted();
    } while (this.pending > 0 || performance.now() < this.quietFrom());
    return this.inTurn(step, signal);
  }

  private quietFrom(): number {
    return this.quietSince + QUIET_MS;
  }

  private inTurn<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = this.last.then(() => {
      signal?.throwIfAborted();
      return operation();
    });
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Time without an operation after which the lab counts as idle: the next one often follows the last at once. */
const QUIET_MS = 200;

/** Runs operations one after the other in the order they were asked for: there is one GPU. */
export class OneAtATime {
  private last: Promise<unknown> = Promise.resolve();
  /** Operations that run or wait for their turn. */
  private pending = 0;
  private quietSince = -Infinity;

  /** @throws the signal's reason where it is aborted before its turn; what the operation throws */
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
   * Runs a short step of background work once no operation runs or waits and none did a moment before. An operation that
   * is asked for meanwhile waits for this one step at most.
   * @throws the signal's reason where it is aborted before; what the step throws
   */
  async whenIdle<T>(step: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    do {
      await this.last;
      // Also where it is quiet: messages that wait in the event loop come first.
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

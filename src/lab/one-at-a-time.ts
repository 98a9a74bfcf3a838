/** Runs operations one after the other in the order they were asked for: there is one GPU. */
export class OneAtATime {
  private last: Promise<unknown> = Promise.resolve();

  /** @throws the signal's reason where it is aborted before its turn; what the operation throws */
  run<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = this.last.then(() => {
      signal?.throwIfAborted();
      return operation();
    });
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

/** Calls that wait for a worker's answer, so that they fail when the worker does instead of waiting for ever. */
export class PendingCalls {
  private readonly rejections = new Set<(error: Error) => void>();
  private ended: Error | undefined;

  /** Waits for an answer. @throws what the call throws; the worker's failure where that comes first */
  answer<T>(call: () => Promise<T>): Promise<T> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise<T>((resolve, reject) => {
      this.rejections.add(reject);
      call()
        .then(resolve, reject)
        .finally(() => this.rejections.delete(reject));
    });
  }

  /** Fails all calls that wait, and with `forGood` all that come. */
  fail(error: Error, forGood: boolean): void {
    if (forGood) this.ended = error;
    for (const reject of this.rejections) reject(error);
    this.rejections.clear();
  }
}

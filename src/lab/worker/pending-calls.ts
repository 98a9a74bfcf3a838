/** Calls that await a worker's answer; they reject when the worker fails. */
export class PendingCalls {
  private readonly rejections = new Set<(error: Error) => void>();
  private ended: Error | undefined;

  /** Awaits an answer. @throws errors of the call; the worker's failure if it comes first */
  answer<T>(call: () => Promise<T>): Promise<T> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise<T>((resolve, reject) => {
      this.rejections.add(reject);
      call()
        .then(resolve, reject)
        .finally(() => this.rejections.delete(reject));
    });
  }

  /** Rejects all pending calls and, with `forGood`, all later ones. */
  fail(error: Error, forGood: boolean): void {
    if (forGood) this.ended = error;
    for (const reject of this.rejections) reject(error);
    this.rejections.clear();
  }
}

/** Compresses written bytes with gzip and counts the output without storing it. */
export class GzipCounter {
  private readonly writer: WritableStreamDefaultWriter<BufferSource>;
  private readonly count: Promise<number>;

  constructor() {
    const { readable, writable } = new CompressionStream('gzip');
    this.writer = writable.getWriter();
    this.count = countBytes(readable);
    // An aborted stream rejects; callers of `finish` receive the error.
    this.count.catch(() => undefined);
  }

  /** Resolves when the piece has been compressed. */
  async write(piece: Uint8Array): Promise<void> {
    await this.writer.write(piece as Uint8Array<ArrayBuffer>);
  }

  /** Returns the total size after gzip. */
  async finish(): Promise<number> {
    await this.writer.close();
    return this.count;
  }

  /** Aborts the stream. */
  async abort(reason: unknown): Promise<void> {
    await this.writer.abort(reason).catch(() => undefined);
  }
}

async function countBytes(stream: ReadableStream<Uint8Array>): Promise<number> {
  const reader = stream.getReader();
  let count = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return count;
    count += value.length;
  }
}

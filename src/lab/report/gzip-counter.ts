/** Compresses what is written to it with gzip and counts the bytes that come out; keeps none of them. */
export class GzipCounter {
  private readonly writer: WritableStreamDefaultWriter<BufferSource>;
  private readonly count: Promise<number>;

  constructor() {
    const { readable, writable } = new CompressionStream('gzip');
    this.writer = writable.getWriter();
    this.count = countBytes(readable);
    // A stream that is given up fails; whoever asks for the count is told.
    this.count.catch(() => undefined);
  }

  /** Resolves when the piece has been compressed. */
  async write(piece: Uint8Array): Promise<void> {
    await this.writer.write(piece as Uint8Array<ArrayBuffer>);
  }

  /** The bytes of all that was written, after gzip. */
  async finish(): Promise<number> {
    await this.writer.close();
    return this.count;
  }

  /** Gives the stream up. */
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

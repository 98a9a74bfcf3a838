import { CodingError } from './coding-error';

/** Reads little-endian numbers from the front of coded bytes. */
export class ByteReader {
  private position = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** @throws CodingError if the bytes end early; so do the other methods */
  byte(): number {
    return this.take(1)[0];
  }

  word(): number {
    const [a, b, c, d] = this.take(4);
    return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  }

  /** Next bytes, not copied. */
  take(count: number): Uint8Array {
    const bytes = this.bytes.subarray(this.position, this.position + count);
    if (bytes.length < count) throw new CodingError('the coded bytes end too early');
    this.position += count;
    return bytes;
  }

  /** All remaining bytes, not copied. */
  rest(): Uint8Array {
    return this.take(this.bytes.length - this.position);
  }
}

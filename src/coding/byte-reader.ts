import { CodingError } from './coding-error';

/** Takes little-endian numbers from the front of coded bytes. */
export class ByteReader {
  private position = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** @throws CodingError where the bytes end before; so do the others */
  byte(): number {
    return this.take(1)[0];
  }

  word(): number {
    const [a, b, c, d] = this.take(4);
    return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  }

  /** The next bytes, not copied. */
  take(count: number): Uint8Array {
    const taken = this.bytes.subarray(this.position, this.position + count);
    if (taken.length < count) throw new CodingError('the coded bytes end too early');
    this.position += count;
    return taken;
  }

  /** All that is left, not copied. */
  rest(): Uint8Array {
    return this.take(this.bytes.length - this.position);
  }
}

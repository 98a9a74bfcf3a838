import { LabError } from '../lab-error';

const LENGTH_BYTES = 4;

/** Prefixes content with a header: the header's length as a uint32, the header as JSON, then the content. */
export function withHeader(header: unknown, content: readonly Uint8Array[]): Uint8Array[] {
  const text = new TextEncoder().encode(JSON.stringify(header));
  return [new Uint8Array(Uint32Array.of(text.length).buffer), text, ...content];
}

/** @throws LabError if the bytes do not begin with a header */
export function splitHeader<Header>(bytes: Uint8Array): { header: Header; content: Uint8Array } {
  const end = headerEnd(bytes);
  if (end === undefined || end > bytes.length) throw new LabError('the file is truncated');
  return { header: parseHeader(bytes.subarray(LENGTH_BYTES, end)), content: bytes.subarray(end) };
}

/**
 * Reads the header without the rest.
 * @param read returns the bytes of the file from start to end
 * @throws LabError if the file does not begin with a header
 */
export async function readHeader<Header>(
  read: (start: number, end: number) => Promise<Uint8Array | undefined>,
): Promise<Header> {
  const length = await read(0, LENGTH_BYTES);
  const end = length && headerEnd(length);
  const text = end === undefined ? undefined : await read(LENGTH_BYTES, end);
  if (end === undefined || text?.length !== end - LENGTH_BYTES) throw new LabError('the file is truncated');
  return parseHeader(text);
}

function headerEnd(bytes: Uint8Array): number | undefined {
  if (bytes.length < LENGTH_BYTES) return undefined;
  return LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

function parseHeader<Header>(text: Uint8Array): Header {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(text));
    if (typeof parsed === 'object' && parsed !== null) return parsed as Header;
  } catch {
    // Invalid JSON gets the error below.
  }
  throw new LabError('the file does not begin with a header of Lathe');
}

import { LabError } from '../lab-error';

const LENGTH_BYTES = 4;

/** A file that begins with an header of what it holds: the header's length as a uint32, the header as JSON, the rest. */
export function withHeader(header: unknown, content: readonly Uint8Array[]): Uint8Array[] {
  const text = new TextEncoder().encode(JSON.stringify(header));
  return [new Uint8Array(Uint32Array.of(text.length).buffer), text, ...content];
}

/** @throws LabError where the bytes do not begin with an header */
export function splitHeader<Header>(bytes: Uint8Array): { header: Header; content: Uint8Array } {
  const end = headerEnd(bytes);
  if (end === undefined || end > bytes.length) throw new LabError('the file is cut off');
  return { header: parseHeader(bytes.subarray(LENGTH_BYTES, end)), content: bytes.subarray(end) };
}

/**
 * The header alone, without reading the rest.
 * @param read bytes of the file from one place to another
 * @throws LabError where the file does not begin with one
 */
export async function readHeader<Header>(
  read: (start: number, end: number) => Promise<Uint8Array | undefined>,
): Promise<Header> {
  const length = await read(0, LENGTH_BYTES);
  const end = length && headerEnd(length);
  const text = end === undefined ? undefined : await read(LENGTH_BYTES, end);
  if (end === undefined || text?.length !== end - LENGTH_BYTES) throw new LabError('the file is cut off');
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
    // Said below: it is no header either way.
  }
  throw new LabError('the file does not begin as one of Lathe');
}

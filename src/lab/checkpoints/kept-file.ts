import { LabError } from '../lab-error';

const LENGTH_BYTES = 4;

/** A file that begins with an account of what it holds: the account's length as a uint32, the account as JSON, the rest. */
export function withAccount(account: unknown, content: readonly Uint8Array[]): Uint8Array[] {
  const text = new TextEncoder().encode(JSON.stringify(account));
  return [new Uint8Array(Uint32Array.of(text.length).buffer), text, ...content];
}

/** @throws LabError where the bytes do not begin with an account */
export function splitAccount<Account>(bytes: Uint8Array): { account: Account; content: Uint8Array } {
  const end = accountEnd(bytes);
  if (end === undefined || end > bytes.length) throw new LabError('the file is cut off');
  return { account: parseAccount(bytes.subarray(LENGTH_BYTES, end)), content: bytes.subarray(end) };
}

/**
 * The account alone, without reading the rest.
 * @param read bytes of the file from one place to another
 * @throws LabError where the file does not begin with one
 */
export async function readAccount<Account>(
  read: (start: number, end: number) => Promise<Uint8Array | undefined>,
): Promise<Account> {
  const length = await read(0, LENGTH_BYTES);
  const end = length && accountEnd(length);
  const text = end === undefined ? undefined : await read(LENGTH_BYTES, end);
  if (end === undefined || text?.length !== end - LENGTH_BYTES) throw new LabError('the file is cut off');
  return parseAccount(text);
}

function accountEnd(bytes: Uint8Array): number | undefined {
  if (bytes.length < LENGTH_BYTES) return undefined;
  return LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

function parseAccount<Account>(text: Uint8Array): Account {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(text));
    if (typeof parsed === 'object' && parsed !== null) return parsed as Account;
  } catch {
    // Said below: it is no account either way.
  }
  throw new LabError('the file does not begin as one of Lathe');
}

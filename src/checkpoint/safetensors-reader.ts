import { CheckpointError } from './checkpoint-error';
import { BYTES_PER_ELEMENT, isDtype, tensorByteLength } from './dtypes';
import { duplicateKey } from './duplicate-key';
import { excerpt, shortName } from './excerpt';
import type { Dtype, TensorEntry } from './named-tensor';

export interface SafetensorsFile {
  readonly fileName: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/** Size of the file's first field, the header's length as a little-endian u64. */
const LENGTH_BYTES = 8;
/** Limit of the format; a longer header would exhaust the parser's memory. */
const MAX_HEADER_BYTES = 100_000_000;
const METADATA_KEY = '__metadata__';
const SAVE_AGAIN = 'save it again with save_pretrained(safe_serialization=True)';

/**
 * Opens a safetensors file (https://huggingface.co/docs/safetensors): reads and checks the header only.
 *
 * @throws CheckpointError if the file is truncated, the header too long or not JSON, a dtype unknown, or if the tensors' bytes
 *   do not fill the file exactly, without overlap; one sentence that says what would work
 */
export async function openSafetensors(blob: Blob, fileName: string): Promise<SafetensorsFile> {
  const headerBytes = await headerLength(blob, fileName);
  const header = await parseHeader(blob.slice(LENGTH_BYTES, LENGTH_BYTES + headerBytes), fileName);
  const dataStart = LENGTH_BYTES + headerBytes;
  const { [METADATA_KEY]: metadata = {}, ...declared } = header;
  const tensors = new Map<string, TensorEntry>();
  const ranges: TensorRange[] = [];
  for (const [name, entry] of Object.entries(declared)) {
    const { dtype, shape, start, end } = checkEntry(name, entry, fileName);
    ranges.push({ name, start, end });
    tensors.set(name, {
      name,
      dtype,
      shape,
      byteLength: end - start,
      readBytes: async (from = 0, to = end - start) => {
        if (!(0 <= from && from <= to && to <= end - start)) {
          throw new RangeError(
            `Tensor ${name} has ${end - start} bytes; bytes ${from} to ${to} were requested.`,
          );
        }
        return readRange(
          blob,
          dataStart + start + from,
          dataStart + start + to,
          `${fileName}: tensor ${name}`,
        );
      },
    });
  }
  checkRanges(ranges, blob.size - dataStart, fileName);
  return { fileName, metadata: checkMetadata(metadata, fileName), tensors };
}

interface TensorRange {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

async function headerLength(blob: Blob, fileName: string): Promise<number> {
  if (blob.size < LENGTH_BYTES) {
    throw new CheckpointError(
      `${fileName} is ${blob.size} bytes long, too short for a safetensors file; download it again.`,
    );
  }
  const prefix = new DataView(await blob.slice(0, LENGTH_BYTES).arrayBuffer());
  const length = prefix.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new CheckpointError(
      `${fileName} declares a header of ${length} bytes, more than the ${MAX_HEADER_BYTES} that safetensors allows; it is not a safetensors file or it is damaged: download it again.`,
    );
  }
  if (LENGTH_BYTES + Number(length) > blob.size) {
    throw new CheckpointError(
      `${fileName} is truncated: its header should be ${length} bytes long, the whole file is ${blob.size}; download it again.`,
    );
  }
  return Number(length);
}

async function parseHeader(blob: Blob, fileName: string): Promise<Record<string, unknown>> {
  let json: string;
  let header: unknown;
  try {
    json = new TextDecoder('utf-8', { fatal: true }).decode(await blob.arrayBuffer());
    header = JSON.parse(json);
  } catch (error) {
    throw new CheckpointError(
      `The header of ${fileName} is not JSON (${(error as Error).message}); it is not a safetensors file or it is damaged: download it again.`,
    );
  }
  if (!isRecord(header)) {
    throw new CheckpointError(
      `The header of ${fileName} is not a JSON object; it is not a safetensors file: choose the model.safetensors of the checkpoint.`,
    );
  }
  const duplicate = duplicateKey(json);
  if (duplicate !== undefined) {
    throw new CheckpointError(
      `${fileName}: tensor ${shortName(duplicate)} is declared twice; the file is damaged, ${SAVE_AGAIN}.`,
    );
  }
  return header;
}

function checkEntry(
  name: string,
  entry: unknown,
  fileName: string,
): { dtype: Dtype; shape: number[]; start: number; end: number } {
  const where = `${fileName}: tensor ${shortName(name)}`;
  if (!isRecord(entry))
    throw new CheckpointError(`${where} is not described by an object; the file is damaged, ${SAVE_AGAIN}.`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDtype(dtype)) {
    throw new CheckpointError(
      `${where} has the dtype ${excerpt(dtype)}; Lathe reads ${Object.keys(BYTES_PER_ELEMENT).join(', ')}: save the checkpoint in one of these.`,
    );
  }
  if (!isListOfSizes(shape)) {
    throw new CheckpointError(
      `${where} has the shape ${excerpt(shape)}; a list of non-negative integers was expected: ${SAVE_AGAIN}.`,
    );
  }
  if (!isListOfSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw new CheckpointError(
      `${where} has the data offsets ${excerpt(offsets)}; a begin and an end were expected: ${SAVE_AGAIN}.`,
    );
  }
  const [start, end] = offsets;
  const expected = tensorByteLength(dtype, shape);
  if (end - start !== expected) {
    throw new CheckpointError(
      `${where} is misdeclared: ${dtype} of shape ${excerpt(shape)} takes ${expected} bytes, its offsets span ${end - start}; ${SAVE_AGAIN}.`,
    );
  }
  return { dtype, shape, start, end };
}

/** Checks that the tensors fill the data exactly: the format allows neither gaps nor overlaps. */
function checkRanges(ranges: TensorRange[], dataBytes: number, fileName: string): void {
  ranges.sort((left, right) => left.start - right.start || left.end - right.end);
  let position = 0;
  for (const [index, { name, start, end }] of ranges.entries()) {
    if (start < position) {
      throw new CheckpointError(
        `${fileName}: tensors ${shortName(ranges[index - 1].name)} and ${shortName(name)} overlap; the file is damaged, ${SAVE_AGAIN}.`,
      );
    }
    if (start > position) {
      throw new CheckpointError(
        `${fileName}: ${start - position} bytes before tensor ${shortName(name)} belong to no tensor; the file is damaged, ${SAVE_AGAIN}.`,
      );
    }
    position = end;
  }
  if (position > dataBytes) {
    throw new CheckpointError(
      `${fileName} is truncated: its tensors need ${position} bytes and ${dataBytes} are there; download it again.`,
    );
  }
  if (position < dataBytes) {
    throw new CheckpointError(
      `${fileName} has ${dataBytes - position} bytes after its last tensor; it is damaged or not a safetensors file: download it again.`,
    );
  }
}

function checkMetadata(metadata: unknown, fileName: string): Record<string, string> {
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) {
    throw new CheckpointError(
      `The ${METADATA_KEY} of ${fileName} is not an object of strings; the file is damaged, ${SAVE_AGAIN}.`,
    );
  }
  return metadata as Record<string, string>;
}

async function readRange(blob: Blob, start: number, end: number, where: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.slice(start, end).arrayBuffer());
  } catch (error) {
    throw new CheckpointError(
      `${where} could not be read (${(error as Error).message}); the file may have been moved or changed: choose it again.`,
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOfSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

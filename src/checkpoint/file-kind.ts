import { CheckpointError } from './checkpoint-error';

/** Kind of a file, recognized by its first bytes. */
export interface FileKind {
  /** Noun with its article: "a PNG picture". */
  readonly title: string;
  /** Whether it is text of any content. */
  readonly isText?: boolean;
  /** Advice for files that no reader opens, as an imperative. */
  readonly advice?: string;
}

/** Bytes read to recognize a kind: up to the end of a tar archive's mark. */
const HEAD_BYTES = 512;

/** Beginning of a file. */
interface Head {
  /** One character per byte. */
  readonly text: string;
  readonly bytes: Uint8Array;
  /** Length of the whole file. */
  readonly fileBytes: number;
}

interface RecognizableKind extends FileKind {
  /** Bytes at `offset` (default 0), one character each, or a test of the beginning. */
  readonly mark: string | RegExp | ((head: Head) => boolean);
  readonly offset?: number;
  /** Whether such a file may be all readable characters; other marks do not match text. */
  readonly mayBeReadable?: boolean;
}

/** Signature of an entry of a zip archive (APPNOTE.TXT, section 4.3.7). */
const ZIP = 'PK\x03\x04';
const SAVE_AGAIN = 'save it again with save_pretrained(safe_serialization=True)';
const CONVERTED = 'give the folder that it was converted from';
const UNPACK = 'unpack it and give the folder';

/** Kinds in order of recognition: special ones before general ones. */
const KINDS: readonly RecognizableKind[] = [
  {
    title: 'an empty file',
    mark: ({ fileBytes }) => fileBytes === 0,
    isText: true,
    advice: 'download it again',
  },
  // Models.
  { title: 'a safetensors file', mark: isSafetensors },
  { title: 'a GGUF file', mark: 'GGUF', advice: CONVERTED },
  {
    title: 'an old GGML file',
    mark: /^(lmgg|fmgg|tjgg)/,
    advice: CONVERTED,
  },
  {
    title: 'a PyTorch pickle (zip)',
    mark: (head) => /\/data\.pkl$/.test(firstZipEntry(head)),
    advice: SAVE_AGAIN,
  },
  {
    // 0x1950a86a20f9469cfc6c, the magic number of torch/serialization.py before version 1.6.
    title: 'a PyTorch pickle (before PyTorch 1.6)',
    mark: '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19',
    advice: SAVE_AGAIN,
  },
  {
    title: 'a Python pickle',
    mark: ({ bytes }) => bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5,
    advice: SAVE_AGAIN,
  },
  {
    title: 'a NumPy archive (.npz)',
    mark: (head) => /\.npy$/.test(firstZipEntry(head)),
    advice: 'save its arrays as safetensors',
  },
  { title: 'a NumPy array (.npy)', mark: '\x93NUMPY', advice: 'save it as safetensors' },
  {
    title: 'an HDF5 file, as Keras writes it',
    mark: '\x89HDF\r\n\x1a\n',
    advice: 'save the model as safetensors',
  },
  { title: 'an ONNX model', mark: isOnnx, advice: 'give the folder that it was exported from' },
  {
    title: 'a TensorFlow Lite model',
    mark: 'TFL3',
    offset: 4,
    advice: CONVERTED,
  },
  // Tables.
  { title: 'a Parquet table', mark: 'PAR1' },
  { title: 'an Arrow table', mark: 'ARROW1' },
  { title: 'an SQLite database', mark: 'SQLite format 3\0' },
  // Archives.
  { title: 'a zip archive', mark: ZIP, advice: UNPACK },
  { title: 'a gzip archive', mark: '\x1f\x8b', advice: UNPACK },
  { title: 'a tar archive', mark: 'ustar', offset: 257, advice: UNPACK },
  { title: 'a bzip2 archive', mark: /^BZh[1-9]1AY&SY/, advice: UNPACK },
  { title: 'an xz archive', mark: '\xfd7zXZ\0', advice: UNPACK },
  { title: 'a Zstandard archive', mark: '\x28\xb5\x2f\xfd', advice: UNPACK },
  { title: 'a 7-Zip archive', mark: '7z\xbc\xaf\x27\x1c', advice: UNPACK },
  { title: 'a RAR archive', mark: 'Rar!\x1a\x07', advice: UNPACK },
  // Pictures, sounds, documents.
  { title: 'a PNG picture', mark: '\x89PNG\r\n\x1a\n' },
  { title: 'a JPEG picture', mark: '\xff\xd8\xff' },
  { title: 'a GIF picture', mark: /^GIF8[79]a/ },
  { title: 'a WebP picture', mark: /^RIFF[^]{4}WEBP/ },
  { title: 'a sound (WAV)', mark: /^RIFF[^]{4}WAVE/ },
  { title: 'a video or picture (MP4, HEIC)', mark: 'ftyp', offset: 4 },
  { title: 'a PDF document', mark: '%PDF-', mayBeReadable: true },
  // Programs.
  { title: 'a program for Linux (ELF)', mark: '\x7fELF' },
  { title: 'a program for Windows', mark: 'MZ' },
  { title: 'a program for macOS', mark: /^(\xcf|\xce)\xfa\xed\xfe/ },
  { title: 'a WebAssembly module', mark: '\0asm' },
  // Texts.
  {
    title: 'a Git LFS pointer, which stands for a file that was not downloaded',
    mark: 'version https://git-lfs.github.com/spec/',
    isText: true,
    advice: 'fetch the file itself with git lfs pull',
  },
  {
    title: 'an HTML page',
    mark: /^(\xef\xbb\xbf)?\s*<(!doctype html|html)[\s>]/i,
    isText: true,
    advice: 'download the file itself',
  },
  { title: 'text in UTF-16', mark: /^(\xff\xfe|\xfe\xff)/, advice: 'save it in UTF-8' },
  { title: 'JSON', mark: /^(\xef\xbb\xbf)?\s*(\{\s*["}]|\[\s*(["{[\]]|-?\d|true|false|null))/, isText: true },
  { title: 'plain text', mark: isUtf8, isText: true },
  {
    title: 'text in an encoding other than UTF-8',
    mark: isReadable,
    isText: true,
    advice: 'save it in UTF-8',
  },
];

const UNKNOWN: FileKind = { title: 'a binary file of no kind that Lathe knows' };

/** Recognizes a file's kind by its first bytes. @throws CheckpointError if it cannot be read */
export async function fileKind(blob: Blob): Promise<FileKind> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await blob.slice(0, HEAD_BYTES).arrayBuffer());
  } catch (error) {
    throw new CheckpointError(
      `A file could not be read (${(error as Error).message}); it may have been moved or changed: choose it again.`,
    );
  }
  const head: Head = { text: String.fromCharCode(...bytes), bytes, fileBytes: blob.size };
  return KINDS.find((kind) => fits(head, kind)) ?? UNKNOWN;
}

function fits(head: Head, { mark, offset = 0, isText, mayBeReadable }: RecognizableKind): boolean {
  if (!isText && !mayBeReadable && isReadable(head)) return false;
  if (typeof mark === 'string') return head.text.startsWith(mark, offset);
  return mark instanceof RegExp ? mark.test(head.text) : mark(head);
}

/** Whether the only control characters are those of texts: tab, new lines, new page, escape. */
function isReadable({ bytes }: Head): boolean {
  return bytes.every((byte) => byte >= 0x20 || [0x09, 0x0a, 0x0c, 0x0d, 0x1b].includes(byte));
}

function isUtf8(head: Head): boolean {
  try {
    // A longer file may be cut within a character.
    new TextDecoder('utf-8', { fatal: true }).decode(head.bytes, {
      stream: head.fileBytes > head.bytes.length,
    });
    return isReadable(head);
  } catch {
    return false;
  }
}

/** A safetensors file begins with the length of its header, which is a JSON object. */
function isSafetensors({ text, bytes, fileBytes }: Head): boolean {
  if (bytes.length < 9 || text[8] !== '{') return false;
  return new DataView(bytes.buffer).getBigUint64(0, true) <= BigInt(fileBytes - 8);
}

/** Name of the first entry of a zip archive: its length is at byte 26, the name at byte 30. */
function firstZipEntry({ text, bytes }: Head): string {
  return text.startsWith(ZIP) ? text.slice(30, 30 + bytes[26] + 256 * bytes[27]) : '';
}

/** Recognizes ONNX, which has no mark: a protobuf message with the version as field 1 and the producer as field 2 (onnx.proto). */
function isOnnx({ text, bytes }: Head): boolean {
  const [versionTag, version, producerTag, producerLength] = bytes;
  if (versionTag !== 0x08 || version < 3 || version > 0x1f || producerTag !== 0x12) return false;
  return /^[\x20-\x7e]+$/.test(text.slice(4, 4 + producerLength));
}

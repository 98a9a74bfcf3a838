import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { CheckpointError } from '../../../src/checkpoint/checkpoint-error';
import { tensorByteLength } from '../../../src/checkpoint/dtypes';
import type { Dtype, NamedBlob, TensorEntry } from '../../../src/checkpoint/named-tensor';
import { readJson, readTokenizerFiles } from '../../../src/checkpoint/readers/folder-texts';
import type { CheckpointReader } from '../../../src/checkpoint/readers/reader';
import { TOKENIZER_FILE_NAMES } from '../../../src/checkpoint/tokenizer-files';

/** NumPy's names of the element types that Lathe reads. */
const DTYPES: Readonly<Record<string, Dtype>> = { '<f4': 'F32', '<f2': 'F16', '<i4': 'I32', '<i8': 'I64' };
/** Magic string, version 1.0, and the length of the dictionary as a u16. */
const PREFIX_BYTES = 10;

/**
 * Opens an .npy file: reads its header alone.
 * @throws CheckpointError where it is none, its values are not in row-major order, or their bytes are not as many as declared
 */
async function openArray({ path, blob }: NamedBlob): Promise<TensorEntry> {
  const prefix = new DataView(await blob.slice(0, PREFIX_BYTES).arrayBuffer());
  const start = prefix.byteLength < PREFIX_BYTES ? 0 : PREFIX_BYTES + prefix.getUint16(8, true);
  const header = await blob.slice(PREFIX_BYTES, start).text();
  const [, descr, order, sizes] =
    /^\{'descr': '([^']+)', 'fortran_order': (\w+), 'shape': \(([\d, ]*)\), \}/.exec(header) ?? [];
  const dtype = DTYPES[descr];
  const shape = (sizes?.match(/\d+/g) ?? []).map(Number);
  if (!dtype || order !== 'False' || tensorByteLength(dtype, shape) !== blob.size - start) {
    throw new CheckpointError(
      `${path} is no whole row-major array of ${Object.keys(DTYPES).join(', ')}; save it again by numpy.save(path, numpy.ascontiguousarray(array)).`,
    );
  }
  return {
    name: baseName(path).replace(/\.npy$/, ''),
    dtype,
    shape,
    byteLength: blob.size - start,
    readBytes: async (from = 0, to = blob.size - start) =>
      new Uint8Array(await blob.slice(start + from, start + to).arrayBuffer()),
  };
}

/** A folder of .npy files, one a tensor, beside the configuration and the tokenizer. */
export const numpyFolder: CheckpointReader = {
  id: 'numpy',
  title: 'a folder of NumPy arrays (config.json, an .npy file a tensor, and a tokenizer)',
  canRead: (files) => files.some(isArray),
  open,
};

async function open(files: readonly NamedBlob[]): Promise<Checkpoint> {
  const arrays = files.filter(isArray);
  const byName = new Map(files.map((file) => [baseName(file.path), file]));
  const config = byName.get('config.json');
  if (!config) throw new CheckpointError('These NumPy arrays lack config.json; add it to what you drop.');
  const entries = await Promise.all(arrays.map(openArray));
  const used = new Set(['config.json', ...Object.values(TOKENIZER_FILE_NAMES)]);
  return {
    name: config.path.split('/').at(-2) ?? 'arrays',
    config: await readJson(config),
    tensors: new Map(entries.map((entry) => [entry.name, entry])),
    metadata: {},
    tokenizerFiles: await readTokenizerFiles(byName),
    totalBytes: arrays.reduce((sum, { blob }) => sum + blob.size, 0),
    ignored: files.filter((file) => !isArray(file) && !used.has(baseName(file.path))).map(({ path }) => path),
  };
}

function isArray({ path }: NamedBlob): boolean {
  return path.endsWith('.npy');
}

function baseName(path: string): string {
  return path.split('/').pop()!;
}

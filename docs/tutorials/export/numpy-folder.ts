import { denseTensors } from '../../../src/export/dense';
import type { ExportFile, ExportFormat } from '../../../src/export/export-format';
import type { PlannedTensor } from '../../../src/export/safetensors-file';
import { configFile, tokenizerTextFiles } from '../../../src/export/text-files';

/** Data of an .npy file begin at a multiple of so many bytes. */
const ALIGNMENT = 64;

/** What stands before the float32 values of an .npy file: format version 1.0 of numpy.lib.format. */
export function npyHeader(shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  // Ten bytes come before the dictionary, a new line after it.
  const length = Math.ceil((10 + dictionary.length + 1) / ALIGNMENT) * ALIGNMENT;
  // The first byte is none of UTF-8.
  const header = new TextEncoder().encode(`\0NUMPY\x01\0\0\0${dictionary.padEnd(length - 11)}\n`);
  header[0] = 0x93;
  new DataView(header.buffer).setUint16(8, length - 10, true);
  return header;
}

/** A tensor as an .npy file, read from the GPU when its turn comes. */
function npyFile({ name, shape, read }: PlannedTensor): ExportFile {
  const header = npyHeader(shape);
  return {
    path: `${name}.npy`,
    byteLength: header.length + 4 * shape.reduce((product, size) => product * size, 1),
    async *chunks() {
      yield header;
      const bytes = read();
      if (bytes instanceof Promise) yield await bytes;
      else yield* bytes;
    },
  };
}

/** A file a tensor, in float32, beside the configuration and the tokenizer. */
export const numpyFolder: ExportFormat = {
  id: 'numpy',
  title: 'NumPy arrays',
  summary: 'Every tensor in float32 as a file of its own, for numpy.load and all that reads .npy files.',
  canHold: ({ model }) =>
    model.config.structure.blocks.length === model.config.layers ||
    'NumPy arrays are for models with all of their blocks; export the dense Hugging Face folder, which numbers them anew.',
  plan: ({ model, tokenizerFiles }) => [
    configFile(model.config.source),
    ...tokenizerTextFiles(tokenizerFiles),
    ...denseTensors(model).map(npyFile),
  ],
};

import { expect, test } from 'vitest';
import { CheckpointError } from './checkpoint-error';
import type { NamedBlob } from './named-tensor';
import { openCheckpoint } from './open-checkpoint';
import { huggingFaceFolder } from './readers/hugging-face-folder';
import type { CheckpointReader } from './readers/reader';

const file = (path: string, content: string | Uint8Array<ArrayBuffer> = 'words'): NamedBlob => ({
  path,
  blob: new Blob([content]),
});
const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const PNG = bytes('\x89PNG\r\n\x1a\n\0\0\0\rIHDR');
const GGUF = bytes('GGUF\x03\0\0\0');
const WANTED = 'Lathe opens a Hugging Face folder (config.json, model.safetensors and a tokenizer)';

test.each<[string, NamedBlob[], string]>([
  ['nothing', [], `There are no files; ${WANTED}.`],
  ['a picture', [file('cat.png', PNG)], `cat.png is a PNG picture; ${WANTED}.`],
  [
    'a model of another format',
    [file('model.gguf', GGUF)],
    `model.gguf is a GGUF file; give the folder that it was converted from: ${WANTED}.`,
  ],
  [
    'a model among other files',
    [
      file('m/README.md', 'a'),
      file('m/vocab.txt'),
      file('m/model.gguf', GGUF),
      file('m/.gitattributes', 'b'),
    ],
    `m/vocab.txt is plain text, m/README.md is plain text, 1 more file is there and m/model.gguf is a GGUF file; give the folder that it was converted from: ${WANTED}.`,
  ],
])('%s that nobody reads is told by name and by first bytes', async (_, files, message) => {
  await expect(openCheckpoint(files, [huggingFaceFolder])).rejects.toThrow(new CheckpointError(message));
});

test('an added reader is used, and named if none can read', async () => {
  const toy: CheckpointReader = {
    id: 'toy',
    title: 'a toy (model.toy)',
    canRead: (files) => files.some(({ path }) => path.endsWith('.toy')),
    open: async ([{ path, blob }]) => ({
      name: path,
      config: { model_type: await blob.text() },
      tensors: new Map(),
      metadata: {},
      tokenizerFiles: {},
      totalBytes: blob.size,
      ignored: [],
    }),
  };
  const readers = [huggingFaceFolder, toy];
  expect(await openCheckpoint([file('model.toy', 'bert')], readers)).toMatchObject({
    name: 'model.toy',
    config: { model_type: 'bert' },
  });
  await expect(openCheckpoint([file('cat.png', PNG)], readers)).rejects.toThrow(
    `cat.png is a PNG picture; ${WANTED}, or a toy (model.toy).`,
  );
  await expect(openCheckpoint([file('model.toy')])).rejects.toThrow('model.toy is plain text');
});

import { describe, expect, test } from 'vitest';
import { huggingFaceFolder } from './hugging-face-folder';
import type { NamedBlob } from '../named-tensor';
import { planSafetensors, safetensorsChunks } from '../safetensors-writer';

async function weights(name: string): Promise<Blob> {
  const plan = planSafetensors([{ name, dtype: 'F32', shape: [1] }]);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of safetensorsChunks(plan, async () => new Uint8Array(4))) {
    chunks.push(chunk as Uint8Array<ArrayBuffer>);
  }
  return new Blob(chunks);
}

/** Beginning of what torch.save writes: a zip whose first entry is the pickle. */
const TORCH_ZIP = `PK\x03\x04${'\0'.repeat(22)}\x10\0\0\0archive/data.pkl`;

const text = (path: string, content = '{}'): NamedBlob => ({ path, blob: new Blob([content]) });

describe('huggingFaceFolder', () => {
  test('a dropped folder with unneeded files', async () => {
    const files = [
      text('tales/config.json', '{"model_type":"gpt2"}'),
      text('tales/tokenizer.json', '{"version":"1.0"}'),
      text('tales/README.md'),
      text('tales/onnx/config.json.bak'),
      { path: 'tales/model.safetensors', blob: await weights('wte') },
    ];
    const checkpoint = await huggingFaceFolder.open(files);
    expect(checkpoint).toMatchObject({
      name: 'tales',
      config: { model_type: 'gpt2' },
      tokenizerFiles: { tokenizerJson: '{"version":"1.0"}' },
      totalBytes: files[4].blob.size,
      ignored: ['tales/README.md', 'tales/onnx/config.json.bak'],
    });
    expect([...checkpoint.tensors.keys()]).toEqual(['wte']);
  });

  test('loose files, with an older tokenizer', async () => {
    const checkpoint = await huggingFaceFolder.open([
      text('config.json'),
      text('vocab.json'),
      text('merges.txt', '#version: 0.2'),
      text('special_tokens_map.json', '{"pad_token":"!"}'),
      { path: 'tales.safetensors', blob: await weights('wte') },
    ]);
    expect(checkpoint.name).toBe('tales');
    expect(checkpoint.tokenizerFiles).toEqual({
      vocabJson: '{}',
      mergesTxt: '#version: 0.2',
      specialTokensMap: '{"pad_token":"!"}',
    });
  });

  test('shards are read as one', async () => {
    const checkpoint = await huggingFaceFolder.open([
      text('config.json'),
      text('vocab.txt'),
      text('model.safetensors.index.json', '{"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}'),
      { path: '1.safetensors', blob: await weights('a') },
      { path: '2.safetensors', blob: await weights('b') },
    ]);
    expect([...checkpoint.tensors.keys()]).toEqual(['a', 'b']);
  });

  test.each<[string, NamedBlob[], string]>([
    [
      'weights alone',
      [text('model.safetensors')],
      'lacks config.json and a tokenizer (tokenizer.json, or vocab.json with merges.txt, or vocab.txt); add them',
    ],
    [
      'no tokenizer',
      [text('config.json'), text('a.safetensors')],
      'lacks a tokenizer (tokenizer.json, or vocab.json with merges.txt, or vocab.txt); add it',
    ],
    [
      'PyTorch weights',
      [text('t/config.json'), text('t/vocab.txt', '[PAD]\n[UNK]'), text('t/pytorch_model.bin', TORCH_ZIP)],
      'This checkpoint lacks model.safetensors; add it to what you drop; t/pytorch_model.bin is a PyTorch pickle (zip): save it again with save_pretrained(safe_serialization=True).',
    ],
    [
      'a pointer in place of the weights',
      [
        text('config.json'),
        text('vocab.txt'),
        text(
          'model.safetensors',
          'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 548105171\n',
        ),
      ],
      'model.safetensors is a Git LFS pointer, which stands for a file that was not downloaded; fetch the file itself with git lfs pull.',
    ],
    [
      'two checkpoints',
      [text('a/config.json'), text('b/config.json')],
      'There are 2 checkpoints here (a, b)',
    ],
    [
      'a config that is not JSON',
      [text('config.json', '{'), text('vocab.txt'), text('model.safetensors')],
      'config.json is not JSON',
    ],
    [
      'a config that is no object',
      [text('config.json', '3'), text('vocab.txt'), text('model.safetensors')],
      'config.json is not a JSON object',
    ],
    [
      'a missing shard',
      [
        text('config.json'),
        text('vocab.txt'),
        text('model.safetensors.index.json', '{"weight_map":{"a":"1.safetensors"}}'),
      ],
      'names 1.safetensors, which is not among the files',
    ],
  ])('%s is one clear sentence', async (_, files, message) => {
    await expect(huggingFaceFolder.open(files)).rejects.toThrow(message);
  });

  test('a tensor in the index that no shard holds', async () => {
    const index = '{"weight_map":{"a":"1.safetensors","b":"2.safetensors","c":"2.safetensors"}}';
    const files = [
      text('config.json'),
      text('vocab.txt'),
      text('model.safetensors.index.json', index),
      { path: '1.safetensors', blob: await weights('a') },
      { path: '2.safetensors', blob: await weights('b') },
    ];
    await expect(huggingFaceFolder.open(files)).rejects.toThrow(
      'model.safetensors.index.json says that tensor c is in "2.safetensors", which does not hold it',
    );
  });

  test('refuses a tensor in two shards', async () => {
    const files = [
      text('config.json'),
      text('vocab.txt'),
      text('model.safetensors.index.json', '{"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}'),
      { path: '1.safetensors', blob: await weights('a') },
      { path: '2.safetensors', blob: await weights('a') },
    ];
    await expect(huggingFaceFolder.open(files)).rejects.toThrow('Tensor a is in two weight files');
  });
});

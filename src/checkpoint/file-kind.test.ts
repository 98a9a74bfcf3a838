import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { fileKind } from './file-kind';
import { planSafetensors } from './safetensors-writer';

/** Bytes of a text whose characters are bytes, as marks are written in the documents of the formats. */
const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const kindOf = async (content: string | Uint8Array) =>
  fileKind(new Blob([content as string | Uint8Array<ArrayBuffer>]));

describe('the kind of a file by its first bytes', () => {
  test.each<[string, Uint8Array]>([
    ['a safetensors file', planSafetensors([]).header],
    ['a GGUF file', bytes('GGUF\x03\0\0\0\x02\0\0\0')],
    ['an old GGML file', bytes('lmgg\0\0\0\0')],
    ['a PyTorch pickle (zip)', zipSync({ 'archive/data.pkl': bytes('\x80\x02}.') })],
    ['a PyTorch pickle (before PyTorch 1.6)', bytes('\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.')],
    // pickle.dumps({}, 4) of Python.
    ['a Python pickle', bytes('\x80\x04}\x94.')],
    ['a NumPy array (.npy)', bytes("\x93NUMPY\x01\0v\0{'descr': '<f4'}")],
    ['a NumPy archive (.npz)', zipSync({ 'weight.npy': bytes('\x93NUMPY') })],
    ['an HDF5 file, as Keras writes it', bytes('\x89HDF\r\n\x1a\n\0\0')],
    // ir_version 8, producer_name "pytorch", producer_version "2.1.0".
    ['an ONNX model', bytes('\x08\x08\x12\x07pytorch\x1a\x052.1.0')],
    ['a TensorFlow Lite model', bytes('\x1c\0\0\0TFL3')],
    ['a Parquet table', bytes('PAR1\x15\x04')],
    ['a zip archive', zipSync({ 'model.txt': bytes('words') })],
    ['a gzip archive', gzipSync('words')],
    ['a tar archive', bytes(`model.bin${'\0'.repeat(248)}ustar\x0000`)],
    ['an xz archive', bytes('\xfd7zXZ\0\0\x04')],
    ['a PNG picture', bytes('\x89PNG\r\n\x1a\n\0\0\0\rIHDR')],
    ['a JPEG picture', bytes('\xff\xd8\xff\xe0\0\x10JFIF\0')],
    ['a WebP picture', bytes('RIFF\x24\0\0\0WEBPVP8 ')],
    ['a PDF document', bytes('%PDF-1.7\n%\xb5\xb5\xb5\xb5')],
    ['a PDF document', bytes('%PDF-1.4\n1 0 obj')],
    ['a program for Linux (ELF)', bytes('\x7fELF\x02\x01\x01\0')],
    ['a WebAssembly module', bytes('\0asm\x01\0\0\0')],
    ['text in UTF-16', bytes('\xff\xfeO\0n\0c\0e\0')],
    ['a binary file of no kind that Lathe knows', bytes('\x01\x02\x03\x04')],
  ])('%s', async (title, content) => {
    expect(await kindOf(content)).toMatchObject({ title });
    expect((await kindOf(content)).isText).toBeUndefined();
  });

  test.each([
    ['an empty file', ''],
    [
      'a Git LFS pointer, which stands for a file that was not downloaded',
      'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n',
    ],
    ['an HTML page', '\n<!DOCTYPE html>\n<html lang="en">'],
    ['JSON', '{\n  "model_type": "gpt2"'],
    ['JSON', '[1, 2]'],
    ['plain text', 'Once upon a time'],
    ['plain text', '[Chapter 1] Once upon a time'],
    // Letters of marks do not make a text anything else.
    ['plain text', 'GGUF and PAR1 are marks'],
    ['plain text', 'MZ'],
    // 512 bytes end within the two of an umlaut.
    ['plain text', `a${'ä'.repeat(400)}`],
  ])('%s: %j', async (title, content) => {
    expect(await kindOf(content)).toMatchObject({ title, isText: true });
  });

  test('a text in Latin-1', async () => {
    expect(await kindOf(bytes('M\xe4rchen'))).toMatchObject({
      title: 'text in an encoding other than UTF-8',
      isText: true,
    });
  });
});

test('a missing file is reported', async () => {
  const moved = new Blob(['words']);
  moved.slice = () => {
    throw new DOMException('A requested file or directory could not be found', 'NotFoundError');
  };
  await expect(fileKind(moved)).rejects.toThrow('A file could not be read (A requested file');
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gpuTests, reachesGpu } from './test-projects';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lathe-imports-'));
  write(
    'device.ts',
    "import * as tf from '@tensorflow/tfjs';\nexport const memory = tf.memory;\nexport interface Device {}\n",
  );
  write('through.ts', "export { memory } from './device';\n");
  write('loop.ts', "import './loop-back';\nimport './through';\n");
  write('loop-back.ts', "import './loop';\n");
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

test.each([
  ['tfjs itself', "import * as tf from '@tensorflow/tfjs';"],
  ['its backend, for the effect', "import '@tensorflow/tfjs-backend-webgpu';"],
  ['Dawn', "import { create } from 'webgpu';"],
  ['a module that imports tfjs', "import { memory } from './device';"],
  ['a module that hands it on', "export * from './through';"],
  ['a value beside types', "import { type Device, memory } from './device';"],
  ['one when it is wanted', "const device = () => import('./device');"],
  ['a loop that leads there', "import './loop';"],
])('%s is of the GPU', (_, text) => {
  write('a.test.ts', text);
  expect(reachesGpu(join(folder, 'a.test.ts'))).toBe(true);
});

test.each([
  ['no import', 'export {};'],
  ['types alone', "import type { Device } from './device';\nexport type { Device as Same } from './device';"],
  ['another package of a like name', "import 'webgpu-types';"],
  ['text that only looks like an import', "const text = `\nimport './device';\n`;"],
  ['what is no source', "import text from './notes.txt?raw';\nimport data from './data.json';"],
])('%s is pure', (_, text) => {
  write('a.test.ts', text);
  expect(reachesGpu(join(folder, 'a.test.ts'))).toBe(false);
});

test('tests on the GPU are found in a folder and in the folders in it', () => {
  mkdirSync(join(folder, 'inner'));
  write('inner/a.test.ts', "import '../through';");
  write('b.test.tsx', "import './device';");
  write('c.test.ts', "import type { Device } from './device';");
  expect(gpuTests(tmpdir(), [basename(folder)])).toEqual(
    ['b.test.tsx', 'inner/a.test.ts'].map((name) => join(basename(folder), name)),
  );
});

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
  ['a module that re-exports it', "export * from './through';"],
  ['a value imported with types', "import { type Device, memory } from './device';"],
  ['a dynamic import', "const device = () => import('./device');"],
  ['an import cycle that leads to it', "import './loop';"],
])('%s needs the GPU', (_, text) => {
  write('a.test.ts', text);
  expect(reachesGpu(join(folder, 'a.test.ts'))).toBe(true);
});

test.each([
  ['no import', 'export {};'],
  ['types only', "import type { Device } from './device';\nexport type { Device as Same } from './device';"],
  ['another package with a similar name', "import 'webgpu-types';"],
  ['text that only looks like an import', "const text = `\nimport './device';\n`;"],
  ['files that are not source', "import text from './notes.txt?raw';\nimport data from './data.json';"],
])('%s does not need the GPU', (_, text) => {
  write('a.test.ts', text);
  expect(reachesGpu(join(folder, 'a.test.ts'))).toBe(false);
});

test('GPU tests are found recursively', () => {
  mkdirSync(join(folder, 'inner'));
  write('inner/a.test.ts', "import '../through';");
  write('b.test.tsx', "import './device';");
  write('c.test.ts', "import type { Device } from './device';");
  expect(gpuTests(tmpdir(), [basename(folder)])).toEqual(
    ['b.test.tsx', 'inner/a.test.ts'].map((name) => join(basename(folder), name)),
  );
});

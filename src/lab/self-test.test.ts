import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { currentGpu } from '../engines/webgpu/device';
import { installNodeGpu } from '../engines/webgpu/node-gpu';
import { folderFiles } from '../testing/folder-checkpoint';
import { LatheLab } from './lab';
import type { Progress } from './protocol/protocol';

let lab: LatheLab;

beforeAll(async () => {
  installNodeGpu();
  lab = new LatheLab();
  await lab.openDevice();
  await lab.openCheckpoint(await folderFiles(join(import.meta.dirname, '../testing/fixtures/tiny-gpt2')));
});

afterAll(() => lab.endSession());

test('every kernel is checked against the CPU while the lab is idle', async () => {
  const before = await lab.memory();
  const progress: Progress[] = [];
  const testing = lab.selfTest({ onProgress: (report) => progress.push(report) });
  const step = { method: 'low-rank', targets: ['Linear'], ignore: [], parameters: { parametersKept: 0.5 } };
  const { id } = await lab.compress({ name: 'half rank', steps: [step] });
  // An operation requested meanwhile waits for one check, not for all.
  expect(progress.length).toBeLessThan(10);
  await lab.discard(id);
  const results = await testing;
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
  expect(results.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['layer norm', 'rows of Kronecker']),
  );
  expect(progress.at(-1)).toMatchObject({ done: results.length, total: results.length });
  expect(await lab.memory()).toEqual(before);
});

test('it can be cancelled between two checks', async () => {
  const controller = new AbortController();
  const testing = lab.selfTest({ signal: controller.signal, onProgress: () => controller.abort() });
  await expect(testing).rejects.toThrow(/abort/i);
});

test('a device loss ends it; the next device is checked again', async () => {
  const testing = lab.selfTest({ onProgress: () => currentGpu().device.destroy() });
  await expect(testing).rejects.toThrow(/lost/);
  await lab.openDevice();
  const results = await lab.selfTest();
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
});

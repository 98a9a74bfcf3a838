import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { memoryFiles } from '../../testing/memory-files';
import { RunFiles } from './run-files';

const CONTENT = new Uint8Array(1000);

let files: ReturnType<typeof memoryFiles>;
let runFiles: RunFiles;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  files = memoryFiles();
  runFiles = new RunFiles(files);
});

afterEach(() => void vi.useRealTimers());

const idOf = (letter: string) => letter.repeat(64);

/** Writes a file one minute after the previous one. */
async function write(letter: string, suffix: string, content = CONTENT): Promise<void> {
  vi.setSystemTime(Date.now() + 60_000);
  const recipe = { name: letter, steps: [] };
  const header = { id: idOf(letter), checkpoint: 'c', recipe, step: 1, steps: 2 };
  await runFiles.write(
    `${idOf(letter)}-${suffix}`,
    { ...header, savedAt: new Date().toISOString() },
    content,
  );
}

const lettersOf = (found: readonly { name: string }[]) =>
  found
    .map(({ name }) => name[0])
    .sort()
    .join('');
const results = async () => lettersOf(await runFiles.results());

test('the least recently used results are evicted to stay within the budget', async () => {
  files.room = 3500;
  for (const letter of ['a', 'b', 'c']) await write(letter, 'result');
  vi.setSystemTime(Date.now() + 60_000);
  await runFiles.use(`${idOf('a')}-result`);
  await write('d', 'result');
  expect(await results()).toBe('acd');
  await write('d', 'result', new Uint8Array(2000));
  expect(await results()).toBe('ad');
});

test('results are evicted for states of unfinished runs, which stay', async () => {
  files.room = 2500;
  await write('a', 'result');
  await write('b', '0');
  await write('c', '1');
  expect([await results(), lettersOf(await runFiles.unfinished())]).toEqual(['', 'bc']);
  await expect(write('d', 'result')).rejects.toThrow('it takes 0.0 MB, the budget for runs is 0.0 MB');
  await write('e', '0');
  expect(lettersOf(await runFiles.unfinished())).toBe('bce');
});

test('a result larger than the budget evicts nothing', async () => {
  files.room = 2500;
  await write('a', 'result');
  await expect(write('b', 'result', new Uint8Array(3000))).rejects.toThrow('the budget for runs');
  expect(await results()).toBe('a');
});

test('when the storage itself is full, results are evicted until there is room', async () => {
  for (const letter of ['a', 'b', 'c']) await write(letter, 'result');
  const write4 = files.write.bind(files);
  files.write = async (name, pieces) => {
    const used = [...files.contents.values()].reduce((sum, { length }) => sum + length, 0);
    if (used + 1500 > 4000) throw new DOMException('no room', 'QuotaExceededError');
    return write4(name, pieces);
  };
  await write('d', '0', new Uint8Array(500));
  expect(lettersOf(await runFiles.unfinished())).toBe('d');
  expect(await results()).toBe('c');
  files.write = () => Promise.reject(Object.assign(new Error('no room'), { code: 'ENOSPC' }));
  await expect(write('e', '0')).rejects.toThrow('no room');
});

test('without a readable record of use, results are evicted in the order of writing', async () => {
  files.room = 2500;
  await write('a', 'result');
  await write('b', 'result');
  await runFiles.use(`${idOf('a')}-result`);
  files.contents.set('last-used', new TextEncoder().encode('{'));
  await write('c', 'result');
  expect(await results()).toBe('bc');
});

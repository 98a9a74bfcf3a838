import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appendToHistory } from './history.mjs';

const linesOf = (folder) =>
  readFileSync(join(folder, 'history.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a run is appended as one line', () => {
  const output = mkdtempSync(join(tmpdir(), 'lathe-history-'));
  const document = {
    recordedAt: '2026-12-01T00:00:00.000Z',
    adapter: { name: 'vendor, gpu', isGpu: true },
    browser: 'Chromium 1',
    rounds: 5,
    quick: false,
    ratios: { demoDecodeDenseOverPlainTfjs: 2.5 },
    rows: [],
  };
  writeFileSync(join(output, 'history.jsonl'), '{"date":"2026-11-21T00:00:00.000Z"}\n');
  appendToHistory(document, { parts: ['generation'], add: false, output });
  const [first, second, ...more] = linesOf(output);
  rmSync(output, { recursive: true });
  expect(more).toEqual([]);
  expect(first).toEqual({ date: '2026-11-21T00:00:00.000Z' });
  expect(second).toMatchObject({
    date: document.recordedAt,
    adapter: 'vendor, gpu',
    parts: ['generation'],
    ratios: document.ratios,
  });
});

test('the stored history is in order, with figures in every line', () => {
  const lines = linesOf(join(import.meta.dirname, 'results'));
  const dates = lines.map(({ date }) => date);
  expect(dates).toEqual([...dates].sort());
  for (const { date, adapter, ratios } of lines) {
    expect(Number.isNaN(Date.parse(date))).toBe(false);
    expect(adapter).toEqual(expect.any(String));
    expect(Object.values(ratios).filter((ratio) => !(ratio > 0))).toEqual([]);
  }
});

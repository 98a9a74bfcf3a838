import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { seededRandom } from '../../testing/allclose';
import type { DataSet } from '../protocol/protocol';
import { PASSAGE_CHARACTERS, sharedPassage } from './shared-passages';

const text = (content: string): DataSet => ({ name: 'a text', kind: 'text', content });
const labelled = (content: string): DataSet => ({ name: 'a set', kind: 'labelled', content });
const words = (count: number, seed: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => `w${Math.floor(10_000 * random())}`).join(' ');
};

test('finds a passage at any position, regardless of line breaks', () => {
  const passage = words(60, 1);
  const [left, right] = [`${words(300, 2)} ${passage} ${words(100, 3)}`, `${words(57, 4)} ${passage}`];
  const found = sharedPassage(text(left), text(right.replaceAll(' ', '\n  ')));
  expect(found).toHaveLength(PASSAGE_CHARACTERS);
  expect(passage).toContain(found!.trim());
});

test('short strings that two texts share by chance do not count', () => {
  const phrase = 'once upon a time there lived a king and a queen';
  expect(
    sharedPassage(text(`${words(300, 2)} ${phrase}`), text(`${phrase} ${words(300, 5)}`)),
  ).toBeUndefined();
});

test('texts shorter than a passage share none', () => {
  expect(sharedPassage(text('too short'), text('too short'))).toBeUndefined();
});

test('for two labelled sets one shared sentence is enough, in any order', () => {
  const first = labelled('a film of some charm and wit\t1\nanother line that is long enough\t0\n');
  const second = labelled('nothing of that kind stands here\t0\na film  of some charm and wit\t1');
  expect(sharedPassage(first, second)).toBe('a film of some charm and wit');
  expect(sharedPassage(first, labelled('quite another sentence altogether\t1'))).toBeUndefined();
});

test('shipped texts for calibration and for evaluation share no passage', () => {
  const shipped = (name: string) => text(readFileSync(`public/datasets/${name}`, 'utf8'));
  expect(sharedPassage(shipped('fairy-tales.train.txt'), shipped('fairy-tales.test.txt'))).toBeUndefined();
});

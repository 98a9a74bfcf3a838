import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TrainingBatch } from '../../model/gradients/sequence-losses';
import type { ModelConfig } from '../../model/model';
import { loadTokenizer } from '../../tokenizer/load-tokenizer';
import type { DataSet } from '../protocol/protocol';
import { openTrainingData } from './training-data';

const root = join(import.meta.dirname, '../../..');
const SETTINGS = { text: 'tales.txt', heldOutShare: 0.1, seed: 0 };
/** Text without a repeated passage. */
const TALES: DataSet = {
  name: 'tales.txt',
  kind: 'text',
  content: readFileSync(join(root, 'public/datasets/fairy-tales.test.txt'), 'utf8').slice(0, 20_000),
};

function encoding(model: string, task: ModelConfig['task']) {
  const read = (name: string) => readFileSync(join(root, 'public/models', model, name), 'utf8');
  const tokenizer = loadTokenizer({
    tokenizerJson: read('tokenizer.json'),
    tokenizerConfig: read('tokenizer_config.json'),
  });
  const labels = task === 'sequence-classification' ? ['NEGATIVE', 'POSITIVE'] : undefined;
  return { tokenizer, config: { task, contextLength: 64, labels } as unknown as ModelConfig };
}

const gpt2 = encoding('fairy-tales-gpt2', 'causal-lm');
const bert = encoding('sst2-bert', 'sequence-classification');
const masked = encoding('sst2-bert', 'masked-lm');

function rowsOf({ ids, batch, length, lengths }: TrainingBatch): number[][] {
  return Array.from({ length: batch }, (_, row) => [
    ...ids.subarray(row * length, row * length + (lengths?.[row] ?? length)),
  ]);
}

/** Position of a token sequence in others; -1 if it does not occur. */
function placeOf(part: readonly number[], all: readonly number[]): number {
  return all.findIndex((_, start) => part.every((id, offset) => all[start + offset] === id));
}

test('a step always draws the same windows, another step or seed different ones; the next token is the target', async () => {
  const { data, warning } = await openTrainingData(TALES, SETTINGS, gpt2);
  expect(warning).toBeUndefined();
  const batch = data.batch(7, 3, 32, 1);
  expect((await openTrainingData(TALES, SETTINGS, gpt2)).data.batch(7, 3, 32, 1)).toEqual(batch);
  expect(data.batch(8, 3, 32, 1).ids).not.toEqual(batch.ids);
  expect(data.batch(7, 3, 32, 2).ids).not.toEqual(batch.ids);
  expect(batch).toMatchObject({ batch: 3, length: 32 });
  const all = gpt2.tokenizer.encode(TALES.content);
  for (const [row, ids] of rowsOf(batch).entries()) {
    expect(placeOf(ids, all)).toBeGreaterThanOrEqual(0);
    expect([...batch.targets.subarray(row * 32, (row + 1) * 32)]).toEqual([...ids.slice(1), -1]);
  }
});

test('the end of the text is held out and never drawn', async () => {
  const { data } = await openTrainingData(TALES, SETTINGS, gpt2);
  const all = gpt2.tokenizer.encode(TALES.content);
  const held = data.heldOut(5, 32);
  const rows = held.flatMap(rowsOf);
  expect(rows).toHaveLength(Math.floor(Math.ceil(0.1 * all.length) / 32));
  expect(Math.max(...held.map(({ batch }) => batch))).toBe(5);
  const places = rows.map((row) => placeOf(row, all));
  expect(places).toEqual(rows.map((_, index) => all.length - (rows.length - index) * 32));
  const boundary = all.length - Math.ceil(0.1 * all.length);
  const ends = Array.from({ length: 50 }, (_, step) => rowsOf(data.batch(step, 8, 32, 0))).flatMap((drawn) =>
    drawn.map((row) => placeOf(row, all) + 32),
  );
  expect(Math.max(...ends)).toBeLessThanOrEqual(boundary);
  // 400 windows come close to both ends.
  expect(Math.max(...ends)).toBeGreaterThan(0.97 * boundary);
  expect(Math.min(...ends)).toBeLessThan(32 + 0.03 * boundary);
});

test('at least 4 and at most 64 windows are held out', async () => {
  const few = await openTrainingData(TALES, { ...SETTINGS, heldOutShare: 0 }, gpt2);
  expect(few.data.heldOut(64, 32).flatMap(rowsOf)).toHaveLength(4);
  const many = await openTrainingData(TALES, { ...SETTINGS, heldOutShare: 0.5 }, gpt2);
  expect(many.data.heldOut(64, 8).flatMap(rowsOf)).toHaveLength(64);
});

test('a masked language model predicts masked tokens between [CLS] and [SEP], always the same ones in held-out data', async () => {
  const { data } = await openTrainingData(TALES, SETTINGS, masked);
  const { cls, sep, mask } = masked.tokenizer.specialTokens;
  const batch = data.batch(0, 4, 32, 0);
  const all = masked.tokenizer.encode(TALES.content, { addSpecialTokens: false });
  for (const [row, ids] of rowsOf(batch).entries()) {
    expect([ids[0], ids[31]]).toEqual([cls, sep]);
    const targets = batch.targets.subarray(row * 32, (row + 1) * 32);
    const predicted = [...targets.keys()].filter((position) => targets[position] >= 0);
    // 15 % of the 30 inner tokens.
    expect(predicted).toHaveLength(5);
    for (const position of predicted) expect(ids[position]).toBe(mask);
    const original = ids.map((id, position) => (targets[position] >= 0 ? targets[position] : id));
    expect(placeOf(original.slice(1, -1), all)).toBeGreaterThanOrEqual(0);
  }
  expect(data.batch(1, 4, 32, 0).targets).not.toEqual(batch.targets);
  expect(data.heldOut(4, 32)).toEqual(data.heldOut(4, 32));
});

test('a labelled set gives whole examples with labels; a seeded share is never drawn', async () => {
  const rows = Array.from({ length: 60 }, (_, index) => `the film number ${index} was long\t${index % 2}`);
  const set: DataSet = { name: 'films.tsv', kind: 'labelled', content: rows.join('\n') };
  const { data, warning } = await openTrainingData(set, SETTINGS, bert);
  expect(warning).toBeUndefined();
  const linesOf = (batch: TrainingBatch) =>
    rowsOf(batch).map(
      (ids, row) => `${bert.tokenizer.decode(ids, { skipSpecialTokens: true })}\t${batch.targets[row]}`,
    );
  const held = data.heldOut(4, 32).flatMap(linesOf);
  expect(held).toHaveLength(6);
  const drawn = Array.from({ length: 40 }, (_, step) => linesOf(data.batch(step, 16, 32, 3))).flat();
  expect([...new Set([...drawn, ...held])].sort()).toEqual([...rows].sort());
  expect(drawn.filter((line) => held.includes(line))).toEqual([]);
  const other = await openTrainingData(set, { ...SETTINGS, seed: 1 }, bert);
  expect(other.data.heldOut(4, 32).flatMap(linesOf)).not.toEqual(held);
});

test('a plain text has no labels for a classifier', async () => {
  const { data } = await openTrainingData(TALES, SETTINGS, bert);
  expect([...data.batch(0, 3, 16, 0).targets]).toEqual([-1, -1, -1]);
});

const labelled: DataSet = { name: 'f.tsv', kind: 'labelled', content: 'a film\t1\nno film\t0' };

test.each([
  ['an empty text', { ...TALES, content: ' \n' }, gpt2, 'tales.txt is empty'],
  ['a labelled set for a language model', labelled, gpt2, 'train on a plain text'],
  ['a tiny labelled set', labelled, bert, 'has 2 examples, too few to train on: 5 are needed'],
])('%s is rejected', async (_, data, encodedAs, message) => {
  await expect(openTrainingData(data, SETTINGS, encodedAs)).rejects.toThrow(message);
});

test('texts that are too short and sequences that are too long are rejected when drawn', async () => {
  const words = 'Once upon a time there was a king.';
  const count = gpt2.tokenizer.encode(words).length;
  const short = await openTrainingData({ ...TALES, content: words }, SETTINGS, gpt2);
  expect(() => short.data.batch(0, 1, 16, 0)).toThrow(
    `tales.txt has ${count} tokens, too few to train on sequences of 16: 80 are needed, of which 64 are held out`,
  );
  const { data } = await openTrainingData(TALES, SETTINGS, gpt2);
  expect(() => data.heldOut(1, 65)).toThrow('use a length of at most 64');
});

test('a text in another language gives a warning with the figure', async () => {
  const russian =
    'Жил-был царь, и был у него сад, а в саду стояло дерево, на котором росли золотые яблоки. '.repeat(40);
  const data: DataSet = { name: 'skazki.txt', kind: 'text', content: russian };
  expect((await openTrainingData(data, SETTINGS, gpt2)).warning).toMatch(
    /skazki.txt takes [12]\.\d\d tokens per character/,
  );
  expect(
    (
      await openTrainingData(
        { ...data, content: '昔々、ある国に王様がいました。'.repeat(40) },
        SETTINGS,
        masked,
      )
    ).warning,
  ).toMatch(/\d+\.\d % of the tokens of skazki.txt are unknown/);
});

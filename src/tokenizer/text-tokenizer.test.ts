import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadTokenizer } from './load-tokenizer';
import type { TextTokenizer } from './text-tokenizer';

function demo(model: string): TextTokenizer {
  const read = (name: string) =>
    readFileSync(new URL(`../../public/models/${model}/${name}`, import.meta.url), 'utf8');
  return loadTokenizer({
    tokenizerJson: read('tokenizer.json'),
    tokenizerConfig: read('tokenizer_config.json'),
  });
}

const gpt2 = demo('fairy-tales-gpt2');
const bert = demo('sst2-bert');

test('vocabularies have the sizes of the models', () => {
  expect([gpt2.vocabularySize, bert.vocabularySize]).toEqual([4096, 8000]);
});

test('ids without a token are skipped, and no ids give no text', () => {
  expect(gpt2.decode([])).toBe('');
  expect(gpt2.decode([999_999])).toBe('');
  expect(gpt2.decode([2485, 999_999, 750])).toBe('Once upon');
});

test('special tokens can be skipped', () => {
  const ids = bert.encode('the old king');
  expect(bert.decode(ids)).toBe('[CLS] the old king [SEP]');
  expect(bert.decode(ids, { skipSpecialTokens: true })).toBe('the old king');
  expect(bert.encode('the old king', { addSpecialTokens: false })).toEqual(ids.slice(1, -1));
});

test('spaces before punctuation stay in byte-level text', () => {
  expect(gpt2.decode(gpt2.encode("he did n't , did he ?"))).toBe("he did n't , did he ?");
});

test('tokens for display', () => {
  expect(gpt2.token(750)).toBe(' upon');
  expect(gpt2.token(0)).toBe('<|endoftext|>');
  expect(
    gpt2
      .encode('é')
      .map((id) => gpt2.token(id))
      .join(''),
  ).toMatch(/^(é|<0xC3><0xA9>)$/);
  expect(
    gpt2
      .encode('🙂')
      .map((id) => gpt2.token(id))
      .join(''),
  ).toBe('<0xF0><0x9F><0x99><0x82>');
  const pieces = bert.encode('cliches', { addSpecialTokens: false }).map((id) => bert.token(id));
  expect(pieces[0].startsWith('##')).toBe(false);
  expect(pieces.map((piece) => piece.replace('##', '')).join('')).toBe('cliches');
  expect(gpt2.token(999_999)).toBe('<id 999999>');
});

test('a long text reports progress and can be cancelled', async () => {
  const text = 'Once upon a time there was a king. '.repeat(20_000);
  const shares: number[] = [];
  await gpt2.encodeLong(text, { onProgress: ({ done, total }) => shares.push(done / total) });
  expect(shares.length).toBeGreaterThan(10);
  expect(shares).toEqual(shares.toSorted((left, right) => left - right));
  expect(shares.at(-1)).toBe(1);

  await expect(gpt2.encodeLong(text, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  const controller = new AbortController();
  const encoding = gpt2.encodeLong(text, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error('The user cancelled.')));
  await expect(encoding).rejects.toThrow('The user cancelled.');
});

test('a long empty text has no ids', async () => {
  expect(await gpt2.encodeLong('')).toEqual([]);
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadTokenizer } from './load-tokenizer';
import { canBeCutAtEndsOfWords, cutAtEndsOfWords } from './text-pieces';
import { parseTokenizerJson, type TokenizerJson } from './tokenizer-json';

function demoJson(model: string): string {
  return readFileSync(new URL(`../../public/models/${model}/tokenizer.json`, import.meta.url), 'utf8');
}

describe('cutAtEndsOfWords', () => {
  test('cuts only after words and loses nothing', () => {
    const text = 'ab  cd\n\nef gh';
    expect([...cutAtEndsOfWords(text, 1)]).toEqual(['ab', '  cd', '\n\nef', ' gh']);
    expect([...cutAtEndsOfWords(text, 5)]).toEqual(['ab  cd', '\n\nef gh']);
    expect([...cutAtEndsOfWords('nospaces', 2)]).toEqual(['nospaces']);
    expect([...cutAtEndsOfWords('', 2)]).toEqual([]);
  });

  test('does not cut within white space, nor before white space that BERT drops', () => {
    expect([...cutAtEndsOfWords('a\u0085 b', 0)]).toEqual(['a\u0085 b']);
    expect([...cutAtEndsOfWords('a\u000bb c', 0)]).toEqual(['a\u000bb', ' c']);
    expect([...cutAtEndsOfWords('a\ufeff b', 0)]).toEqual(['a\ufeff', ' b']);
  });
});

/** Pseudo-random integers below a bound (Park and Miller 1988), the same in every run. */
function randomIntegers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state * 48271) % 2147483647;
    return state % bound;
  };
}

const PARTS = [
  ' ',
  ' ',
  '  ',
  '\n',
  '\r\n',
  '\t',
  '\u0085',
  '\u000b',
  '\f',
  '\u00a0',
  '\u2003',
  '\ufeff',
  '\u200b',
  '\u0000',
  'the',
  'King',
  "'s",
  "'ll",
  "'",
  '42',
  '...',
  '-',
  'é',
  '\u0301',
  'Σ',
  'ΟΣ',
  '你',
  '𠮷',
  '🙂',
  '\ud83d',
  '<|endoftext|>',
  '[MASK]',
  '[',
];

test.each(['fairy-tales-gpt2', 'sst2-bert'])(
  '%s: pieces of random texts have the ids of the whole, wherever they are cut',
  (model) => {
    const tokenizer = loadTokenizer({ tokenizerJson: demoJson(model) });
    const idsOf = (text: string) => tokenizer.encode(text, { addSpecialTokens: false });
    const random = randomIntegers(7);
    for (let round = 0; round < 4_000; round++) {
      const text = Array.from({ length: 2 + random(12) }, () => PARTS[random(PARTS.length)]).join('');
      const pieces = [...cutAtEndsOfWords(text, random(4))];
      expect(pieces.join('')).toBe(text);
      expect(pieces.flatMap(idsOf), JSON.stringify(pieces)).toEqual(idsOf(text));
    }
  },
);

describe('canBeCutAtEndsOfWords', () => {
  const gpt2 = parseTokenizerJson(demoJson('fairy-tales-gpt2'));
  const bert = parseTokenizerJson(demoJson('sst2-bert'));

  test('GPT-2 and BERT can', () => {
    expect(canBeCutAtEndsOfWords(gpt2, {})).toBe(true);
    expect(canBeCutAtEndsOfWords(bert, {})).toBe(true);
  });

  const addedToken = { id: 9, content: '<mask>' };
  test.each<[string, Partial<TokenizerJson>]>([
    ['a space put before each text', { pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } }],
    ['no pattern', { pre_tokenizer: { type: 'ByteLevel', use_regex: false } }],
    ['another pre-tokenizer', { pre_tokenizer: { type: 'Metaspace' } }],
    ['none', { pre_tokenizer: null }],
    ['another normalizer', { normalizer: { type: 'Strip' } }],
    ['unknown tokens made one', { model: { type: 'BPE', fuse_unk: true } }],
    ['an added token that strips spaces', { added_tokens: [{ ...addedToken, rstrip: true }] }],
    ['an added token with a space', { added_tokens: [{ id: 9, content: 'a b' }] }],
  ])('cannot: %s', (_, change) => {
    expect(canBeCutAtEndsOfWords({ ...gpt2, ...change }, {})).toBe(false);
  });
});

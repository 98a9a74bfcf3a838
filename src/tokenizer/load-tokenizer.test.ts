import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { TokenizerFiles } from '../checkpoint/tokenizer-files';
import gpt2Reference from '../testing/fixtures/fairy-tales-gpt2.json';
import bertReference from '../testing/fixtures/sst2-bert.json';
import reference from './fixtures/tokenizer-ids.json';
import { loadTokenizer } from './load-tokenizer';

type Model = keyof typeof reference.models;
type Dataset = keyof (typeof reference.models)[Model]['datasets'];

const MODELS = Object.keys(reference.models) as Model[];
const DATASETS = ['fairy-tales.test.txt', 'wikitext-2-raw.test.txt'] as const satisfies readonly Dataset[];

function readPublic(path: string): string {
  return readFileSync(new URL(`../../public/${path}`, import.meta.url), 'utf8');
}

function filesOf(model: Model): TokenizerFiles {
  return {
    tokenizerJson: readPublic(`models/${model}/tokenizer.json`),
    tokenizerConfig: readPublic(`models/${model}/tokenizer_config.json`),
  };
}

/** The same tokenizer as files of older checkpoints. */
function olderFilesOf(model: Model): TokenizerFiles {
  const { model: stage } = JSON.parse(readPublic(`models/${model}/tokenizer.json`));
  const vocab = stage.vocab as Record<string, number>;
  if (stage.type === 'BPE') {
    const merges = (stage.merges as [string, string][]).map((pair) => pair.join(' '));
    return { vocabJson: JSON.stringify(vocab), mergesTxt: ['#version: 0.2', ...merges, ''].join('\n') };
  }
  const pieces = Object.entries(vocab).sort(([, left], [, right]) => left - right);
  return { vocabTxt: pieces.map(([piece]) => `${piece}\n`).join('') };
}

/** The same tokenizer.json as written in 2020: no model type, merges as strings. */
function filesOf2020(model: Model): TokenizerFiles {
  const json = JSON.parse(readPublic(`models/${model}/tokenizer.json`));
  delete json.model.type;
  json.model.merges = (json.model.merges as [string, string][] | undefined)?.map((pair) => pair.join(' '));
  return { tokenizerJson: JSON.stringify(json) };
}

function fingerprint(ids: readonly number[]): { count: number; sha256: string } {
  const bytes = new Uint8Array(Uint32Array.from(ids).buffer);
  return { count: ids.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

describe.each([
  ['tokenizer.json', filesOf],
  ['tokenizer.json of 2020', filesOf2020],
  ['vocabulary files', olderFilesOf],
] as const)("ids are those of Hugging Face's tokenizers, from %s", (_, files) => {
  const tokenizers = Object.fromEntries(MODELS.map((model) => [model, loadTokenizer(files(model))]));

  test.each(MODELS.flatMap((model) => reference.models[model].texts.map((entry) => ({ model, ...entry }))))(
    '$model: $text',
    ({ model, text, ids }) => {
      expect(tokenizers[model].encode(text)).toEqual(ids);
    },
  );

  test.each(MODELS)('%s: the beginning of a text', (model) => {
    for (const dataset of DATASETS) {
      const beginning = [...readPublic(`datasets/${dataset}`).slice(0, 2 * reference.beginningCharacters)]
        .slice(0, reference.beginningCharacters)
        .join('');
      expect(fingerprint(tokenizers[model].encode(beginning, { addSpecialTokens: false }))).toEqual(
        reference.models[model].datasets[dataset].beginning,
      );
    }
  });

  test('the texts of the parity references', () => {
    for (const { text, ids } of gpt2Reference.prompts) {
      expect(tokenizers['fairy-tales-gpt2'].encode(text)).toEqual(ids);
    }
    for (const { text, ids } of [...bertReference.sentences, bertReference.masked_lm]) {
      expect(tokenizers['sst2-bert'].encode(text)).toEqual(ids);
    }
  });
});

const fromTokenizerJson = Object.fromEntries(MODELS.map((model) => [model, loadTokenizer(filesOf(model))]));

// A megabyte of WikiText for byte-level BPE, whose merges are the slow path; the tales for both.
test.each([
  { model: 'fairy-tales-gpt2', dataset: 'wikitext-2-raw.test.txt' },
  { model: 'fairy-tales-gpt2', dataset: 'fairy-tales.test.txt' },
  { model: 'sst2-bert', dataset: 'fairy-tales.test.txt' },
] as const)('$model: the whole of $dataset, cut', async ({ model, dataset }) => {
  const ids = await fromTokenizerJson[model].encodeLong(readPublic(`datasets/${dataset}`));
  expect(fingerprint(ids)).toEqual(reference.models[model].datasets[dataset].whole);
});

test.each(MODELS)('%s: the whole of a text, in one piece', (model) => {
  const [dataset] = DATASETS;
  const ids = fromTokenizerJson[model].encode(readPublic(`datasets/${dataset}`), { addSpecialTokens: false });
  expect(fingerprint(ids)).toEqual(reference.models[model].datasets[dataset].whole);
});

test.each(MODELS.flatMap((model) => reference.models[model].texts.map((entry) => ({ model, ...entry }))))(
  'decodes as the reference: $model: $text',
  ({ model, ids, decoded }) => {
    expect(fromTokenizerJson[model].decode(ids)).toBe(decoded);
  },
);

test('greedy continuations decode to the reference texts', () => {
  const tokenizer = loadTokenizer(filesOf('fairy-tales-gpt2'));
  for (const { greedy_24_ids: ids, greedy_24_text: text } of gpt2Reference.prompts) {
    expect(tokenizer.decode(ids)).toBe(text);
  }
});

describe('special tokens', () => {
  test.each([
    ['fairy-tales-gpt2', filesOf, { bos: 0, eos: 0, unk: 0 }],
    ['fairy-tales-gpt2', olderFilesOf, { bos: 0, eos: 0, unk: 0 }],
    ['sst2-bert', filesOf, { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 }],
    ['sst2-bert', olderFilesOf, { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 }],
  ] as const)('of %s', (model, files, expected) => {
    expect(loadTokenizer(files(model)).specialTokens).toEqual(expected);
  });

  test('names come from special_tokens_map.json, and tokenizer_config.json overrides them', () => {
    const { specialTokens } = loadTokenizer({
      vocabTxt: '<u>\n<s>\n</s>\n<p>\na\n',
      specialTokensMap: '{"unk_token":"<u>","cls_token":{"content":"<s>"},"sep_token":"a","pad_token":"<p>"}',
      tokenizerConfig: '{"sep_token":"</s>","pad_token":null}',
    });
    expect(specialTokens).toEqual({ unk: 0, cls: 1, sep: 2 });
  });
});

test('BERT vocabularies that keep case and accents', () => {
  const vocabTxt = '[PAD]\n[UNK]\n[CLS]\n[SEP]\nÉa\nea\n';
  const cased = loadTokenizer({ vocabTxt, tokenizerConfig: '{"do_lower_case":false}' });
  expect(cased.encode('Éa ea EA')).toEqual([2, 4, 5, 1, 3]);
  expect(loadTokenizer({ vocabTxt }).encode('Éa ea EA')).toEqual([2, 5, 5, 5, 3]);
});

test('added tokens listed only in tokenizer_config.json', () => {
  const tokenizer = loadTokenizer({
    vocabJson: '{"a":0,"b":1,"ab":2}',
    mergesTxt: '#version: 0.2\na b\n',
    tokenizerConfig: '{"added_tokens_decoder":{"3":{"content":"<pad>","special":true}},"pad_token":"<pad>"}',
  });
  expect(tokenizer.encode('ab<pad>b')).toEqual([2, 3, 1]);
  expect(tokenizer.specialTokens.pad).toBe(3);
  expect(tokenizer.vocabularySize).toBe(4);
});

describe('errors are one clear sentence', () => {
  test.each<[string, TokenizerFiles, string]>([
    [
      'nothing',
      {},
      'There is no tokenizer; add tokenizer.json, or vocab.json with merges.txt, or vocab.txt.',
    ],
    ['vocab.json alone', { vocabJson: '{}' }, 'There is no tokenizer'],
    ['not JSON', { tokenizerJson: '{' }, 'tokenizer.json is not JSON'],
    ['no object', { tokenizerJson: '[]' }, 'tokenizer.json is not a JSON object; download it again.'],
    ['no model', { tokenizerJson: '{}' }, 'tokenizer.json has no "model" with a "vocab"'],
    [
      'an unknown model',
      { tokenizerJson: '{"model":{"type":"WordLevelX","vocab":{}}}' },
      'tokenizer.json has a model of type "WordLevelX"; Lathe reads BPE, WordPiece, Unigram.',
    ],
    [
      'an unknown stage',
      {
        tokenizerJson: '{"model":{"type":"BPE","vocab":{},"merges":[]},"pre_tokenizer":{"type":"Nonsense"}}',
      },
      'The tokenizer cannot be used (Unknown PreTokenizer type: Nonsense); save it again',
    ],
    [
      'an id that is none',
      { tokenizerJson: '{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}' },
      'tokenizer.json gives token "a" the id -1; ids are integers from 0',
    ],
    [
      'an added token without id',
      { tokenizerJson: '{"model":{"type":"BPE","vocab":{},"merges":[]},"added_tokens":[{"content":"x"}]}' },
      'lists "added_tokens" that are not objects',
    ],
    [
      'a config that is not JSON',
      { vocabTxt: '[UNK]', tokenizerConfig: 'x' },
      'tokenizer_config.json is not JSON',
    ],
    [
      'an incomplete merge',
      { vocabJson: '{"a":0}', mergesTxt: '#version: 0.2\na' },
      'Line 2 of merges.txt is "a"; two tokens',
    ],
    [
      'merges of another vocabulary',
      { vocabJson: '{"a":0,"b":1}', mergesTxt: 'a b' },
      'Line 1 of merges.txt makes "ab", which vocab.json does not hold',
    ],
    ['no unknown token', { vocabTxt: 'a\nb' }, 'vocab.txt does not hold the token [UNK]'],
    [
      'a start token that is named nowhere',
      { vocabTxt: '[UNK]\n[SEP]', tokenizerConfig: '{"cls_token":null}' },
      'vocab.txt does not hold the token that tokenizer_config.json should name as cls_token',
    ],
  ])('%s', (_, files, message) => {
    expect(() => loadTokenizer(files)).toThrow(message);
  });
});

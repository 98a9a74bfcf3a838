import * as tf from '@tensorflow/tfjs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { loadModel } from '../../model/load-model';
import type { Model } from '../../model/model';
import gpt2Expected from '../../testing/fixtures/tiny-gpt2/expected.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { quantizeBlockLinears } from '../../testing/quantize-model';
import type { TextTokenizer } from '../../tokenizer/text-tokenizer';
import { loadTokenizer } from '../../tokenizer/load-tokenizer';
import { evaluate } from '../evaluate';
import { BaseLogits } from './base-logits';
import { modelsUnderTest } from './models-under-test';

let base: Model;
let variant: Model;
let tokenizer: TextTokenizer;

beforeAll(async () => {
  await openNodeGpu();
  const files = await openFolder(join(import.meta.dirname, '../../testing/fixtures/tiny-gpt2'));
  base = await loadModel(files);
  tokenizer = loadTokenizer(files.tokenizerFiles);
  variant = await quantizeBlockLinears(base, 4);
});

afterAll(() => {
  variant.dispose();
  base.dispose();
});

const WINDOW = 16;
const request = {
  evaluation: 'perplexity',
  data: { name: 'tale.txt', kind: 'text', content: gpt2Expected.text },
  parameters: { window: WINDOW },
} as const;

const measure = (baseLogits?: BaseLogits) =>
  evaluate(modelsUnderTest(base, [variant], tokenizer, baseLogits), request, {});

test('the base runs once for each text, and later figures are the same', async () => {
  const expected = await measure();
  const before = tf.memory().numTensors;
  const baseLogits = new BaseLogits();
  expect(await measure(baseLogits)).toEqual(expected);
  const runs = vi.spyOn(base, 'hiddenStates');
  expect(await measure(baseLogits)).toEqual(expected);
  expect(runs).not.toHaveBeenCalled();
  runs.mockRestore();
  baseLogits.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('logits beyond the byte limit are recomputed', async () => {
  const before = tf.memory().numTensors;
  const oneWindow = WINDOW * base.config.vocabularySize * 4;
  const baseLogits = new BaseLogits(oneWindow);
  const expected = await measure(baseLogits);
  expect(tf.memory().numTensors).toBe(before + 1);
  const runs = vi.spyOn(base, 'hiddenStates');
  expect(await measure(baseLogits)).toEqual(expected);
  expect(runs).toHaveBeenCalledTimes(Math.ceil(gpt2Expected.ids.length / WINDOW) - 1);
  runs.mockRestore();
  baseLogits.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

import { expect, test } from 'vitest';
import type { ModelConfig } from '../../model/model';
import fixture from '../../testing/fixtures/training-windows.json';
import type { TextTokenizer } from '../../tokenizer/text-tokenizer';
import { openTrainingData } from './training-data';

/** Tokenizer whose ids are positions in the text. */
function numbered(tokens: number): TextTokenizer {
  const ids = Array.from({ length: tokens }, (_, position) => position);
  return { encodeLong: async () => ids, specialTokens: {} } as unknown as TextTokenizer;
}

test.each(fixture.cases)(
  'windows of $length of $tokens tokens are those of the PyTorch reference',
  async ({ tokens, length, seed, steps, heldOut }) => {
    const config = { task: 'causal-lm', contextLength: length } as ModelConfig;
    const { data } = await openTrainingData(
      { name: 'numbers', kind: 'text', content: 'x' },
      { text: 'numbers', heldOutShare: 0.02, seed: 0 },
      { tokenizer: numbered(tokens), config },
    );
    const startsOf = (ids: Int32Array) => [...ids].filter((_, index) => index % length === 0);
    for (const [step, starts] of Object.entries(steps)) {
      const { ids } = data.batch(Number(step), fixture.batch, length, seed);
      expect(startsOf(ids), `step ${step}`).toEqual(starts);
      expect(ids.subarray(0, length)).toEqual(Int32Array.from({ length }, (_, index) => starts[0] + index));
    }
    expect(data.heldOut(16, length).flatMap(({ ids }) => startsOf(ids))).toEqual(heldOut);
  },
);

import { expect, test } from 'vitest';
import type { TrainingBatch } from '../../model/gradients/sequence-losses';
import type { ModelConfig } from '../../model/model';
import fixture from '../../testing/fixtures/transfer.json';
import type { TextTokenizer } from '../../tokenizer/text-tokenizer';
import { openTrainingData } from './training-data';

const CLS = -1;
const SEP = -2;
const MASK = -3;

/** Tokenizer whose ids are positions; a sentence encodes to its own number. */
function numbered(tokens: number): TextTokenizer {
  const ids = Array.from({ length: tokens }, (_, position) => position);
  return {
    encodeLong: async () => ids,
    encode: (text: string) => (text === '' ? [CLS, SEP] : [Number(text)]),
    specialTokens: { mask: MASK },
  } as unknown as TextTokenizer;
}

function maskedPlaces({ targets, batch, length }: TrainingBatch): number[][] {
  return Array.from({ length: batch }, (_, row) => {
    const ofRow = [...targets.subarray(row * length, (row + 1) * length)];
    return [...ofRow.keys()].filter((position) => ofRow[position] >= 0);
  });
}

test.each(fixture.masked)(
  'windows of $length of $tokens tokens are masked as in the PyTorch reference',
  async ({ tokens, length, seed, steps, heldOutMasked }) => {
    const { data } = await openTrainingData(
      { name: 'numbers', kind: 'text', content: 'x' },
      { text: 'numbers', heldOutShare: 0.02, seed: 0 },
      {
        tokenizer: numbered(tokens),
        config: { task: 'masked-lm', contextLength: length } as unknown as ModelConfig,
      },
    );
    for (const [step, { starts, masked }] of Object.entries(steps)) {
      const batch = data.batch(Number(step), fixture.batch, length, seed);
      expect(maskedPlaces(batch), `step ${step}`).toEqual(masked);
      const firsts = starts.map((_, row) => {
        const first = row * length + 1;
        return batch.targets[first] >= 0 ? batch.targets[first] : batch.ids[first];
      });
      expect(firsts).toEqual(starts);
      expect([batch.ids[0], batch.ids[length - 1]]).toEqual([CLS, SEP]);
    }
    const held = data.heldOut(4, length).slice(0, heldOutMasked.length);
    expect(held.map(maskedPlaces)).toEqual(heldOutMasked);
  },
);

test.each(fixture.labelled)(
  'draws from $examples labelled sentences as the PyTorch reference does',
  async ({ examples, heldOutShare, seed, runSeed, heldOut, steps }) => {
    const rows = Array.from({ length: examples }, (_, index) => `${index}\t${index % 2}`);
    const { data } = await openTrainingData(
      { name: 'numbers', kind: 'labelled', content: rows.join('\n') },
      { text: 'numbers', heldOutShare, seed },
      {
        tokenizer: numbered(0),
        config: {
          task: 'sequence-classification',
          contextLength: 8,
          labels: ['even', 'odd'],
        } as unknown as ModelConfig,
      },
    );
    expect(data.heldOut(examples, 8).flatMap(({ ids }) => [...ids])).toEqual(heldOut);
    for (const [step, drawn] of Object.entries(steps)) {
      const { ids, targets } = data.batch(Number(step), fixture.batch, 8, runSeed);
      expect([...ids]).toEqual(drawn);
      expect([...targets]).toEqual(drawn.map((index) => index % 2));
    }
  },
);

import { expect, test } from 'vitest';
import expected from '../../testing/fixtures/sampling.json';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import { probabilities, sample, seeded } from './sampling';

const logitsOf = (name: string) => Float32Array.from(expected.logits[name as keyof typeof expected.logits]);
const optionsOf = ({ temperature, topK, topP }: (typeof expected.cases)[number]) => ({
  temperature,
  topK: topK ?? undefined,
  topP: topP ?? undefined,
});

test.each(expected.cases)(
  "$logits logits, temperature $temperature, top-k $topK, top-p $topP: transformers' probabilities and tokens",
  (reference) => {
    const logits = logitsOf(reference.logits);
    const options = optionsOf(reference);
    const actual = probabilities(logits, options);
    expect([...actual].map((value) => value > 0)).toEqual(reference.probabilities.map((value) => value > 0));
    expectAllClose(actual, reference.probabilities, { absolute: 1e-9, relative: 1e-8 });
    expect(expected.draws.map((draw) => sample(logits, options, draw))).toEqual(reference.drawn);
  },
);

test('sample divides [0, 1) by the softmax of the candidates', () => {
  const logits = Float32Array.from([0, Math.log(3), -5, Math.log(6)]);
  const drawn = (options: Parameters<typeof sample>[1], draws: readonly number[]) =>
    draws.map((draw) => sample(logits, options, draw));
  // The two most likely at temperature 1: 3 / 9 and 6 / 9.
  expect(drawn({ temperature: 1, topK: 2 }, [0, 0.33, 0.34, 0.999])).toEqual([1, 1, 3, 3]);
  // At temperature 1/2 their weights are squared: 9 / 45 and 36 / 45.
  expect(drawn({ temperature: 0.5, topK: 2 }, [0.19, 0.21])).toEqual([1, 3]);
  // A draw of 1, to which a float32 may round, takes the last token that is kept.
  expect(drawn({ temperature: 1, topK: 2 }, [1])).toEqual([3]);
});

test('top-p applies to the shares after top-k', () => {
  const logits = Float32Array.from([1, 4, 2, 3].map(Math.log));
  // All: 4 / 10 does not reach one half. Of the first two: 4 / 7 does.
  expect([...probabilities(logits, { temperature: 1, topP: 0.5 })].map(Boolean)).toEqual([
    false,
    true,
    false,
    true,
  ]);
  expect([...probabilities(logits, { temperature: 1, topK: 2, topP: 0.5 })]).toEqual([0, 1, 0, 0]);
});

test('among equal logits the lowest ids are kept', () => {
  const equal = new Float32Array(8).fill(2);
  const half = [0.25, 0.25, 0.25, 0.25, 0, 0, 0, 0];
  expect([...probabilities(equal, { temperature: 1, topK: 4 })]).toEqual(half);
  expect([...probabilities(equal, { temperature: 1, topP: 0.5 })]).toEqual(half);
  expect([...probabilities(equal, { temperature: 1, topK: 4, topP: 0.5 })].map(Boolean)).toEqual(
    half.map((_, id) => id < 2),
  );
});

test('at least the most likely token is kept', () => {
  const logits = seededNormal(50, 3);
  const greatest = logits.indexOf(Math.max(...logits));
  for (const options of [{ topK: 0 }, { topK: 1 }, { topP: 0 }, { topP: 1e-6 }]) {
    expect(sample(logits, { temperature: 1, ...options }, 0.7)).toBe(greatest);
  }
});

test('seeded is xorshift32', () => {
  // The sequence from state 1, as published for the shifts 13, 17, 5; the seed is XORed with 0x9e3779b9.
  const random = seeded(0x9e3779b8);
  expect(Array.from({ length: 4 }, () => random() * 2 ** 32)).toEqual([
    270369, 67634689, 2647435461, 307599695,
  ]);
  // State 0 would stay 0.
  expect(seeded(0x9e3779b9)()).toBe(270369 / 2 ** 32);
});

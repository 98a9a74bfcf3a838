import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import type { TrainingBatch } from '../../model/gradients/sequence-losses';
import type { Model } from '../../model/model';
import { seededRandom } from '../../testing/allclose';
import { recovered, withTiny } from '../../testing/tiny-recipes';
import { TINY_LENGTH } from '../../testing/tiny-training';
import { zerosOfModel } from '../../testing/weights-of-model';
import type { TrainingData } from '../../train/training-context';

beforeAll(() => openNodeGpu());

const RUN = {
  steps: 12,
  batchSize: 4,
  sequenceLength: TINY_LENGTH,
  peakLearningRate: 0.01,
  warmupSteps: 2,
  evaluateEvery: 4,
};
const LENGTH = 6;
const [CLS, SEP, FIRST_WORD, WORDS] = [2, 3, 20, 4];

const pruned = { method: 'magnitude-pruning', targets: ['Linear'], parameters: { sparsity: 0.7 } };
const head = { method: 'classification-head', targets: ['re:.*'], parameters: {} };

function tuned(parameters: object = {}) {
  return { method: 'fine-tuning', targets: ['re:.*'], parameters: { ...RUN, ...parameters } };
}

/** Sentences of two classes, each with four words of its own. */
function sentences(seed: number, count: number): TrainingBatch {
  const random = seededRandom(seed);
  const targets = Int32Array.from({ length: count }, () => Math.round(random()));
  const word = (label: number) => FIRST_WORD + label * WORDS + Math.floor(random() * WORDS);
  const rows = [...targets].map((label) => [
    CLS,
    ...Array.from({ length: LENGTH - 2 }, () => word(label)),
    SEP,
  ]);
  return { ids: Int32Array.from(rows.flat()), batch: count, length: LENGTH, targets };
}

const labelled: TrainingData = {
  text: 'sentences',
  batch: (step, size) => sentences(step + 1, size),
  heldOut: () => [sentences(1_000_000, 64)],
};

async function accuracyOf(model: Model): Promise<number> {
  const batch = sentences(2_000_000, 64);
  const logits = model.logits(batch);
  const values = await readFloats(logits);
  logits.dispose();
  const hits = batch.targets.filter(
    (target, row) => Number(values[2 * row + 1] > values[2 * row]) === target,
  );
  return hits.length / batch.batch;
}

test('a pruned encoder learns another task with its new head, and its zeros stay zero', () =>
  withTiny('tiny-bert-mlm', async (base) => {
    const locked = await recovered(base, [pruned]);
    const after = await recovered(base, [pruned, head, tuned({ steps: 16, batchSize: 16 })], {
      data: labelled,
    });
    expect(await accuracyOf(after)).toBeGreaterThan(0.9);
    expect(await zerosOfModel(after)).toEqual(await zerosOfModel(locked));
    const [before, values] = await Promise.all(
      [locked, after].map((model) => model.linears.get(model.blockLinears[0])!.dense()),
    );
    expect(values).not.toEqual(before);
    locked.dispose();
    after.dispose();
  }));

test('on a text it equals knowledge distillation without a teacher', () =>
  withTiny('tiny-gpt2', async (base) => {
    const distilled = {
      method: 'knowledge-distillation',
      targets: ['re:.*'],
      parameters: { ...RUN, steps: 3, distillationWeight: 0 },
    };
    const [plain, other] = [await recovered(base, [tuned({ steps: 3 })]), await recovered(base, [distilled])];
    for (const [name, weight] of plain.linears)
      expect(await weight.dense()).toEqual(await other.linears.get(name)!.dense());
    plain.dispose();
    other.dispose();
  }));

test('sentences without labels are refused', () =>
  withTiny('tiny-bert', async (base) => {
    await expect(recovered(base, [tuned()])).rejects.toThrow(
      'The text has no labels to train a classifier by',
    );
  }));

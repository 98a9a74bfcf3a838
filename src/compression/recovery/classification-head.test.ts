import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import { loadModel } from '../../model/load-model';
import type { Model } from '../../model/model';
import { expectAllClose } from '../../testing/allclose';
import fixture from '../../testing/fixtures/transfer.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { memoryEntry } from '../../testing/memory-entry';
import { recovered, SHORT_RUN, withTiny } from '../../testing/tiny-recipes';

const { head } = fixture;

beforeAll(() => openNodeGpu());

function classifying(parameters: object = {}) {
  const labels = Array.from({ length: head.labels }, (_, index) => `class ${'abc'[index]}`).join(', ');
  return {
    method: 'classification-head',
    targets: ['re:.*'],
    parameters: { labels, seed: head.seed, ...parameters },
  };
}

async function withHead(base: Model, check: (model: Model) => Promise<void>, parameters?: object) {
  const model = await recovered(base, [classifying(parameters)]);
  try {
    await check(model);
  } finally {
    model.dispose();
  }
}

async function logitsOf(model: Model, ids: readonly number[]): Promise<Float32Array> {
  const logits = model.logits({ ids: Int32Array.from(ids), batch: 1, length: ids.length });
  const values = await readFloats(logits);
  logits.dispose();
  return values;
}

test('new weights are those of the seed, biases zero, and the classifier computes the same as in transformers', () =>
  withTiny('tiny-bert-mlm', (base) =>
    withHead(base, async (model) => {
      expect(model.config.task).toBe('sequence-classification');
      expect(model.config.labels).toEqual(['class a', 'class b', 'class c']);
      expectAllClose(await model.linears.get('classifier')!.dense(), head.classifier, { absolute: 1e-6 });
      expectAllClose(await model.linears.get('bert.pooler.dense')!.dense(), head.pooler, { absolute: 1e-6 });
      for (const name of ['classifier.bias', 'bert.pooler.dense.bias'])
        expect(new Set(await readFloats(model.vectors.get(name)!))).toEqual(new Set([0]));
      expectAllClose(await logitsOf(model, head.sentence), head.logits, { absolute: 1e-5 });
      const names = [...model.linears.keys(), ...model.vectors.keys()];
      expect(names.filter((name) => name.startsWith('cls.'))).toEqual([]);
    }),
  ));

test('another seed gives other weights', () =>
  withTiny('tiny-bert-mlm', (base) =>
    withHead(
      base,
      async (model) => {
        const values = await model.linears.get('classifier')!.dense();
        expect(values).not.toEqual(Float32Array.from(head.classifier));
        expect(Math.abs(values[0] - head.classifier[0])).toBeGreaterThan(1e-4);
      },
      { seed: head.seed + 1 },
    ),
  ));

test('a pooler in the checkpoint is used; the classifier is drawn as without it', async () => {
  const checkpoint = await openFolder('src/testing/fixtures/tiny-bert-mlm');
  const width = 24;
  const pooler = Float32Array.from({ length: width * width }, (_, index) => index / 1000);
  const bias = new Float32Array(width).fill(0.5);
  const tensors = new Map(checkpoint.tensors)
    .set('pooler.dense.weight', memoryEntry('pooler.dense.weight', [width, width], pooler))
    .set('pooler.dense.bias', memoryEntry('pooler.dense.bias', [width], bias));
  const base = await loadModel({ ...checkpoint, tensors });
  await withHead(base, async (model) => {
    expect(await model.linears.get('bert.pooler.dense')!.dense()).toEqual(pooler);
    expect(await readFloats(model.vectors.get('bert.pooler.dense.bias')!)).toEqual(bias);
    expectAllClose(await model.linears.get('classifier')!.dense(), head.classifier, { absolute: 1e-6 });
  });
  base.dispose();
});

test('its config is the one by which transformers loads a classifier', () =>
  withTiny('tiny-bert-mlm', (base) =>
    withHead(base, async ({ config }) => {
      expect(config.source).toMatchObject({
        architectures: ['BertForSequenceClassification'],
        num_labels: 3,
        id2label: { 0: 'class a', 1: 'class b', 2: 'class c' },
        label2id: { 'class a': 0, 'class b': 1, 'class c': 2 },
        hidden_size: 24,
      });
      expect(base.config.task).toBe('masked-lm');
      expect(base.config.source.architectures).toEqual(['BertForMaskedLM']);
    }),
  ));

test.each([
  ['tiny-gpt2', {}, 'this is a causal-lm model; open a masked language model'],
  ['tiny-bert', {}, 'this is a sequence-classification model; open a masked language model'],
  ['tiny-bert-mlm', { labels: 'good' }, 'needs 2 to 1000 distinct names of labels'],
  ['tiny-bert-mlm', { labels: 'good, Good' }, 'it was given "good, Good"'],
  ['tiny-bert-mlm', { labels: '0, 1' }, 'none of them a number'],
])('on %s, with %j, it is refused', (name, parameters, message) =>
  withTiny(name, async (base) => {
    await expect(recovered(base, [classifying(parameters)])).rejects.toThrow(message);
  }),
);

test('later steps cannot learn from the predictions of the base, which has another task', () =>
  withTiny('tiny-bert-mlm', async (base) => {
    const distilled = { method: 'knowledge-distillation', targets: ['Linear'], parameters: SHORT_RUN };
    await expect(recovered(base, [classifying(), distilled])).rejects.toThrow(
      'Step 2 (knowledge-distillation) cannot learn a sequence-classification task from the predictions of the base, a masked-lm model; set its "distillationWeight" to 0',
    );
  }));

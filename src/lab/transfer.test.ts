import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoint/open-checkpoint';
import { openSafetensors } from '../checkpoint/safetensors-reader';
import { installNodeGpu } from '../engines/webgpu/node-gpu';
import { loadModel } from '../model/load-model';
import { folderFiles } from '../testing/folder-checkpoint';
import { memoryFiles } from '../testing/memory-files';
import { memorySink } from '../testing/memory-sink';
import { zerosOfModel } from '../testing/weights-of-model';
import { figureValue } from '../evaluation/figures';
import { LatheLab } from './lab';
import type { DataSet, EvaluationRequest, NamedFile, Recipe } from './protocol/protocol';

const fixture = join(import.meta.dirname, '../testing/fixtures/tiny-bert-mlm');
const TALE: DataSet = {
  name: 'tale.txt',
  kind: 'text',
  content:
    'A miller had three sons, his mill, a donkey, and a cat. The sons had to grind, the donkey to haul grain and carry away the flour, and the cat to catch the mice.',
};
const WORDS = ['good', 'bad', 'fine', 'dull', 'warm', 'long', 'funny', 'sad'];
const FILMS: DataSet = {
  name: 'films.tsv',
  kind: 'labelled',
  content: WORDS.flatMap((word, index) => [
    `the film was ${word}\t${index % 2}`,
    `a ${word} tale and a king\t${index % 2}`,
  ]).join('\n'),
};
const REVIEWS: DataSet = {
  name: 'reviews.tsv',
  kind: 'labelled',
  content: 'the king is well\tgood\nno plot at all !\tpoor\nwas it the cat ?\tpoor\nwork of a master\tgood',
};
const accuracy: EvaluationRequest = { evaluation: 'accuracy', data: REVIEWS };
const pseudoPerplexity: EvaluationRequest = {
  evaluation: 'pseudo-perplexity',
  data: TALE,
  parameters: { window: 24 },
};

const RUN = { steps: 3, batchSize: 2, sequenceLength: 8, warmupSteps: 0, evaluateEvery: 1 };
const TRANSFER: Recipe = {
  name: 'pruned, then trained to classify',
  steps: [
    {
      method: 'gradual-pruning',
      targets: ['Linear'],
      parameters: { ...RUN, sparsity: 0.7, pruneEvery: 1 },
    },
    { method: 'classification-head', targets: ['re:.*'], parameters: { labels: 'poor, good' } },
    {
      method: 'fine-tuning',
      targets: ['re:.*'],
      parameters: RUN,
      training: { text: FILMS.name, heldOutShare: 0.25 },
    },
  ],
  training: { text: TALE.name },
};
const PRUNED: Recipe = { ...TRANSFER, name: 'pruned', steps: TRANSFER.steps.slice(0, 1) };

let lab: LatheLab;

beforeAll(async () => {
  installNodeGpu();
  lab = new LatheLab({}, memoryFiles());
  await lab.openDevice();
  await open();
  for (const text of [TALE, FILMS]) await lab.provideText(text);
});

// Reopening the model discards the variants of a test.
afterEach(open);

afterAll(() => lab.endSession());

async function open() {
  await lab.openCheckpoint(await folderFiles(fixture));
}

async function exported(id: string, exportId: string): Promise<NamedFile[]> {
  const { sink, files } = memorySink();
  await lab.export(id, exportId, sink);
  return files();
}

/** Flat indices of exact zeros in each linear of the blocks after a reload. */
async function zerosOf(files: readonly NamedFile[]): Promise<Map<string, number[]>> {
  const model = await loadModel(await openCheckpoint(files));
  const zeros = await zerosOfModel(model);
  model.dispose();
  return zeros;
}

test('a pattern locked by training on a text survives a new head, labelled sentences, export and reload', async () => {
  const check = await lab.checkRecipe(TRANSFER);
  expect(check).toMatchObject({ task: 'sequence-classification', needsTraining: true });
  expect(check.matches[2]).toEqual(expect.arrayContaining(['bert.pooler.dense', 'classifier']));
  const pruned = await lab.compress(PRUNED);
  const taught = await lab.compress(TRANSFER);
  expect([pruned.task, taught.task]).toEqual(['masked-lm', 'sequence-classification']);
  expect(taught.recipe.training?.text).toBe(TALE.name);
  expect(taught.recipe.steps[2].training).toEqual({ text: FILMS.name, heldOutShare: 0.25, seed: 0 });

  const pattern = await zerosOf(await exported(pruned.id, 'lathe'));
  const lathe = await exported(taught.id, 'lathe');
  const dense = await exported(taught.id, 'dense');
  for (const [name, zeros] of pattern) expect(zeros.length, name).toBeGreaterThan(0);
  expect(await zerosOf(lathe)).toEqual(pattern);
  expect(await zerosOf(dense)).toEqual(pattern);

  const figures = await lab.evaluate([taught.id], accuracy);
  const notes: (string | undefined)[] = [];
  const again = await lab.compress(TRANSFER, { onTraining: ({ note }) => notes.push(note) });
  expect(notes.join()).toContain('Reused the result of');
  expect(again.task).toBe('sequence-classification');
  expect(await lab.evaluate([again.id], accuracy)).toEqual({ [again.id]: figures[taught.id] });
  const imported = await lab.importVariant(lathe);
  expect(imported.task).toBe('sequence-classification');
  expect(await lab.evaluate([imported.id], accuracy)).toEqual({ [imported.id]: figures[taught.id] });
  await lab.openCheckpoint(dense);
  expect((await lab.evaluate([], accuracy)).base.figures.accuracy).toEqual(
    figures[taught.id].figures.accuracy,
  );
});

test('models of another task are omitted from an evaluation, and divergences if the base is omitted', async () => {
  const plain = await lab.compress({
    name: 'low rank',
    steps: [{ method: 'low-rank', targets: ['Linear'], parameters: { rank: 8 } }],
  });
  const classifier = await lab.compress({ name: 'headed', steps: TRANSFER.steps.slice(1, 2) });
  const ids = [plain.id, classifier.id];
  const measured = await lab.evaluate(ids, accuracy);
  expect(Object.keys(measured)).toEqual([classifier.id]);
  expect(measured[classifier.id].figures.f1).toBeGreaterThanOrEqual(0);
  expect(measured[classifier.id].figures.meanKl).toBeUndefined();
  const texts = await lab.evaluate(ids, { ...pseudoPerplexity, data: { ...TALE, name: 'another.txt' } });
  expect(Object.keys(texts).sort()).toEqual(['base', plain.id].sort());
  expect(figureValue(texts[plain.id], 'meanKl')).toBeGreaterThan(0);
  await expect(lab.evaluate([plain.id], accuracy)).rejects.toThrow(
    'Accuracy is for sequence-classification models; this is a masked-lm model.',
  );
  const request = { prompt: 'a good film .', maxNewTokens: 1, temperature: 0 };
  const { labels } = await lab.predict(classifier.id, request);
  expect(labels!.map(({ label }) => label)).toEqual(['poor', 'good']);
});

test('the folder is what transformers loads as BertForSequenceClassification', async () => {
  const { id } = await lab.compress({ name: 'headed', steps: TRANSFER.steps.slice(1, 2) });
  const files = await exported(id, 'dense');
  const fileOf = (name: string) => files.find(({ path }) => path.endsWith(name))!.blob;
  const config = JSON.parse(await fileOf('config.json').text()) as Record<string, unknown>;
  expect(config).toMatchObject({
    architectures: ['BertForSequenceClassification'],
    id2label: { 0: 'poor', 1: 'good' },
    label2id: { poor: 0, good: 1 },
    num_labels: 2,
  });
  const { tensors } = await openSafetensors(fileOf('model.safetensors'), 'model.safetensors');
  const headTensors = [...tensors.keys()].filter((name) => !/^bert\.(embeddings|encoder)\./.test(name));
  expect(headTensors.sort()).toEqual([
    'bert.pooler.dense.bias',
    'bert.pooler.dense.weight',
    'classifier.bias',
    'classifier.weight',
  ]);
});

test('every text that a variant was trained on is excluded from its evaluation', async () => {
  const { id } = await lab.compress({
    name: 'taught',
    steps: TRANSFER.steps.slice(1),
  });
  await expect(
    lab.evaluate([id], { evaluation: 'accuracy', data: { ...REVIEWS, content: FILMS.content } }),
  ).rejects.toThrow('taught was trained on films.tsv, which shares a passage with reviews.tsv');
});

test('unsuitable training texts are rejected before anything is computed', async () => {
  const taught = (training: object | undefined, ...before: Recipe['steps']) =>
    expect(lab.compress({ name: 'x', steps: [...before, { ...TRANSFER.steps[2], training }] })).rejects;
  await taught({ text: FILMS.name }).toThrow('films.tsv is a labelled set, which this masked-lm model');
  await taught({ text: 'lost.tsv' }).toThrow('The training text lost.tsv was not provided');
  await taught(undefined).toThrow('needs a training text and names none');
  const [, head] = TRANSFER.steps;
  await taught({ text: TALE.name }, head).toThrow(
    'Step 2 (fine-tuning) trains a classifier, but tale.txt is a plain text without labels',
  );
  await expect(
    lab.checkRecipe({ name: 'x', steps: [{ ...head, training: { text: TALE.name } }] }),
  ).rejects.toThrow('Step 1 (classification-head) does not train; leave its "training" out.');
  await expect(lab.checkRecipe({ name: 'x', steps: [head, head] })).rejects.toThrow(
    'classification-head replaces a masked language model',
  );
});

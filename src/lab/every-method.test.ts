import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { METHODS } from '../compression/methods';
import { installNodeGpu } from '../engines/webgpu/node-gpu';
import { folderFiles } from '../testing/folder-checkpoint';
import { memorySink } from '../testing/memory-sink';
import { figureValue } from '../evaluation/figures';
import { LatheLab } from './lab';
import type { DataSet, EvaluationRequest, NamedFile, Recipe, RecipeStep } from './protocol/protocol';

const fixtures = join(import.meta.dirname, '../testing/fixtures');

/** Run that fits a short text and a context of 32. */
const SHORT_RUN = { steps: 3, batchSize: 2, sequenceLength: 8, warmupSteps: 0, evaluateEvery: 1 };

/** Parameters that fit matrices of 24, 40 and 96. */
const PARAMETERS: Readonly<Record<string, Record<string, unknown>>> = {
  'magnitude-pruning': { sparsity: 0.5 },
  wanda: { sparsity: 0.5 },
  sparsegpt: { pattern: '2:4', bits: 4, groupSize: 8, blockSize: 8 },
  'optimal-bert-surgeon': { sparsity: 0.5 },
  'block-pruning': { sparsity: 0.5, blockRows: 8, blockColumns: 4 },
  'head-pruning': { sparsity: 0.25 },
  'neuron-pruning': { sparsity: 0.25 },
  'round-to-nearest': { bits: 3, strategy: 'group', groupSize: 8 },
  gptq: { bits: 4, groupSize: 8 },
  awq: { bits: 4, groupSize: 8 },
  smoothquant: {},
  'blockwise-int8': { blockSize: 8 },
  'product-quantization': { blockSize: 4, centroids: 16 },
  kronecker: { terms: 2, aShape: ['1/2', '1/2'] },
  'tq-compressor': { terms: 2, aShape: ['1/2', '1/2'] },
  'kn-gpt2': { factor: 2 },
  'tensor-train': { rows: ['1/4', '4'], columns: ['1/4', '4'], maxRank: 6 },
  'tensor-gpt': { rank: 2 },
  compactifai: { bondDimension: 6, cores: 2 },
  'low-rank': { parametersKept: 0.5 },
  'activation-aware-low-rank': { parametersKept: 0.5 },
  'layer-truncation': { keep: 'first', layers: 1 },
  'skip-sublayers': { part: 'attention', count: 1 },
  'activation-top-k': { keptActivations: 0.5 },
  'knowledge-distillation': SHORT_RUN,
  'fine-tuning': SHORT_RUN,
  'layer-distillation': { ...SHORT_RUN, keep: 'first', layers: 1 },
  'factorized-recovery': { ...SHORT_RUN, blocksAtATime: 1 },
  'gradual-pruning': { ...SHORT_RUN, sparsity: 0.5, pruneEvery: 1 },
  'quantization-aware-training': { ...SHORT_RUN, bits: 4, groupSize: 8 },
  'compression-aware-minimizer': { ...SHORT_RUN, pattern: '2:4' },
  'mixture-of-experts': { ...SHORT_RUN, experts: 3, importanceSequences: 2 },
  'co-distillation': SHORT_RUN,
  'meta-distillation': SHORT_RUN,
  'entropy-coding': {},
};

/**
 * Methods that change the computation: a dense export stores their weights but not how they are used. All others change only
 * weights, so that their dense export computes the same.
 */
const COMPUTES_OTHERWISE = ['smoothquant', 'blockwise-int8', 'activation-top-k', 'mixture-of-experts'];

const TALE: DataSet = {
  name: 'tale.txt',
  kind: 'text',
  content:
    'A miller had three sons, his mill, a donkey, and a cat. The sons had to grind, the donkey to haul grain and carry away the flour, and the cat to catch the mice.',
};

/** Labels for methods that train a classifier without a teacher: all equal, so that every step improves the held-out loss. */
const LABELLED: DataSet = {
  name: 'tales.tsv',
  kind: 'labelled',
  content: [
    ...['the mill was good', 'no cat at all', 'a fine donkey', 'the sons had to grind'],
    ...['was it flour ?', 'the cat had to catch the mice', 'a donkey to haul grain', 'three sons'],
  ]
    .map((sentence) => `${sentence}\t1`)
    .join('\n'),
};

const MODELS: Readonly<Record<string, EvaluationRequest>> = {
  'tiny-gpt2': {
    evaluation: 'perplexity',
    data: {
      name: 'other.txt',
      kind: 'text',
      content: 'Once upon a time there was a king who had a garden, and in it stood a tree of golden apples.',
    },
    parameters: { window: 32, stride: 32 },
  },
  'tiny-bert': {
    evaluation: 'accuracy',
    data: {
      name: 'films.tsv',
      kind: 'labelled',
      content: 'a good film .\t1\nthe king was bad\t0\na film\t1\ngood , but far too long\t0',
    },
  },
};

let lab: LatheLab;

// All tests share one device, because compiling every kernel again takes longer than the tests.
beforeAll(async () => {
  installNodeGpu();
  lab = new LatheLab();
  await lab.openDevice();
  await open('tiny-gpt2');
});

// Reopening the model discards the variants of a test.
afterEach(() => open('tiny-gpt2'));

afterAll(() => lab.endSession());

async function open(model: string) {
  return lab.openCheckpoint(await folderFiles(join(fixtures, model)));
}

async function exported(id: string, exportId: string): Promise<NamedFile[]> {
  const { sink, files } = memorySink();
  await lab.export(id, exportId, sink);
  return files();
}

/** Steps required before a method that works on another's result. */
const BEFORE: Readonly<Record<string, Pick<RecipeStep, 'method' | 'parameters'>>> = {
  'entropy-coding': { method: 'round-to-nearest', parameters: { bits: 4 } },
  'knowledge-distillation': { method: 'low-rank', parameters: { parametersKept: 0.5 } },
  'co-distillation': { method: 'low-rank', parameters: { parametersKept: 0.5 } },
  'meta-distillation': { method: 'low-rank', parameters: { parametersKept: 0.5 } },
  'factorized-recovery': { method: 'kronecker', parameters: { terms: 2, aShape: ['1/2', '1/2'] } },
};

function recipeOf(method: string, { evaluation }: EvaluationRequest): Recipe {
  const learnsLabels = method === 'fine-tuning' && evaluation === 'accuracy';
  const step: RecipeStep = { method, targets: ['Linear'], ignore: [], parameters: PARAMETERS[method] };
  return {
    name: method,
    steps: BEFORE[method] ? [{ ...step, ...BEFORE[method] }, step] : [step],
    calibration: { text: TALE.name, sequences: 8, length: 24, seed: 0 },
    training: { text: (learnsLabels ? LABELLED : TALE).name },
  };
}

/** Methods that fit both models; transfer.test.ts tests the head for a masked language model. */
const FITTING = METHODS.map(({ id }) => id).filter((id) => id !== 'classification-head');

describe.each(Object.entries(MODELS))('on %s', (model, request) => {
  test.each(FITTING)(
    '%s: its bytes are those of its file, which reloads to the same figures, and all memory is freed',
    async (method) => {
      const { base } = await open(model);
      for (const text of [TALE, LABELLED]) await lab.provideText(text);
      await lab.evaluate([], request);
      const before = await lab.memory();
      const info = await lab.compress(recipeOf(method, request));
      const files = await exported(info.id, 'lathe');
      const weights = files.find(({ path }) => path.endsWith('model.safetensors'))!;
      expect(info.size.storedBytes).toBe(weights.blob.size);
      if (method !== 'activation-top-k')
        expect(info.layers.some(({ relativeError }) => relativeError > 0)).toBe(true);
      const imported = await lab.importVariant(files);
      const metrics = await lab.evaluate([info.id, imported.id], request);
      expect(figureValue(metrics[info.id], 'meanKl')).toBeGreaterThan(0);
      expect(metrics[imported.id]).toEqual(metrics[info.id]);
      expect(imported.layers.length).toBe(info.layers.length);
      const dense = await exported(info.id, 'dense');
      await lab.discard(info.id);
      await lab.discard(imported.id);
      expect((await lab.memory()).tensors).toBe(before.tensors);
      if (COMPUTES_OTHERWISE.includes(method)) return;
      const reopened = await lab.openCheckpoint(dense);
      expect(reopened.base.size.storedBytes).toBeLessThanOrEqual(base.size.storedBytes + 1000);
      const again = (await lab.evaluate([], request)).base;
      const [found, expected] = [again, metrics[info.id]].map((result) =>
        figureValue(result, request.evaluation)!,
      );
      expect(found / expected).toBeCloseTo(1, 3);
    },
  );
});

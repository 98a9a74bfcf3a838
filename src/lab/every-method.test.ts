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

/** A run that a short text and a context of 32 allow. */
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

/** Only the weights change: a dense export computes the same. Elsewhere it holds the weights, and not how they are computed with. */
const COMPUTES_OTHERWISE = ['smoothquant', 'blockwise-int8', 'activation-top-k', 'mixture-of-experts'];

const TALE: DataSet = {
  name: 'tale.txt',
  kind: 'text',
  content:
    'A miller had three sons, his mill, a donkey, and a cat. The sons had to grind, the donkey to haul grain and carry away the flour, and the cat to catch the mice.',
};

/** What a classifier learns its labels from, by methods that ask no teacher: one label, so that any step does better on what is held out. */
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

// One device for all: on a new one every kernel is compiled anew, which takes longer than all else here.
beforeAll(async () => {
  installNodeGpu();
  lab = new LatheLab();
  await lab.openDevice();
  await open('tiny-gpt2');
});

// Whatever a test left goes with its model.
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

/** What has to come first, since the method works on what another left. */
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

/** Those that fit both models; a head for a masked language model is seen in transfer.test.ts. */
const FITTING = METHODS.map(({ id }) => id).filter((id) => id !== 'classification-head');

describe.each(Object.entries(MODELS))('on %s', (model, request) => {
  test.each(FITTING)(
    '%s: its bytes are those of its file, which loads again to the same figures; and all memory comes back',
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
      const [found, expected] = [again, metrics[info.id]].map((each) =>
        figureValue(each, request.evaluation)!,
      );
      expect(found / expected).toBeCloseTo(1, 3);
    },
  );
});

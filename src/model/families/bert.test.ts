import { beforeAll, describe, expect, test } from 'vitest';
import type { TensorEntry } from '../../checkpoint/named-tensor';
import { readFloats } from '../../engines/webgpu/transfer';
import { expectAllClose } from '../../testing/allclose';
import demo from '../../testing/fixtures/sst2-bert.json';
import expectedMasked from '../../testing/fixtures/tiny-bert-mlm/expected.json';
import expected from '../../testing/fixtures/tiny-bert/expected.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { loadModel } from '../load-model';
import type { Model, TokenBatch } from '../model';

const LOGITS = { absolute: 1e-4, relative: 0 };

beforeAll(() => openNodeGpu());

interface PaddedBatch {
  readonly input_ids: number[][];
  readonly token_type_ids: number[][];
  readonly attention_mask: number[][];
}

function tokenBatch({ input_ids, token_type_ids, attention_mask }: PaddedBatch): TokenBatch {
  return {
    ids: Int32Array.from(input_ids.flat()),
    batch: input_ids.length,
    length: input_ids[0].length,
    lengths: attention_mask.map((mask) => mask.filter(Boolean).length),
    tokenTypes: Int32Array.from(token_type_ids.flat()),
  };
}

async function logitsOf(model: Model, batch: TokenBatch): Promise<Float32Array> {
  const logits = model.logits(batch);
  const values = await readFloats(logits);
  logits.dispose();
  return values;
}

async function load(
  folder: string,
  rename: (name: string) => string = (name) => name,
  config: Record<string, unknown> = {},
): Promise<Model> {
  const checkpoint = await openFolder(folder);
  const tensors = new Map<string, TensorEntry>(
    [...checkpoint.tensors].map(([name, entry]) => [rename(name), entry]),
  );
  return loadModel({ ...checkpoint, config: { ...checkpoint.config, ...config }, tensors });
}

const OLD_NAMES: [string, (name: string) => string, Record<string, unknown>][] = [
  ['as transformers writes it', (name) => name, {}],
  ['without the bert. prefix', (name) => name.replace(/^bert\./, ''), {}],
  [
    'with gamma and beta',
    (name) =>
      name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta'),
    {},
  ],
  ['with the task told by its tensors alone', (name) => name, { architectures: undefined }],
];

describe.each(OLD_NAMES)('tiny checkpoints of random weights, %s, against PyTorch', (_, rename, config) => {
  test('sequence classification: a padded batch and a pair of segments', async () => {
    const model = await load('src/testing/fixtures/tiny-bert', rename, config);
    expect(model.config).toMatchObject({ task: 'sequence-classification', labels: ['NEGATIVE', 'POSITIVE'] });
    for (const batch of [expected.batch, expected.pair]) {
      expectAllClose(await logitsOf(model, tokenBatch(batch)), batch.logits.flat(), LOGITS);
    }
    model.dispose();
  });

  test('masked language model: every position that is not padding', async () => {
    const model = await load('src/testing/fixtures/tiny-bert-mlm', rename, config);
    expect(model.config.task).toBe('masked-lm');
    const { batch } = expectedMasked;
    const tokens = tokenBatch(batch);
    const values = await logitsOf(model, tokens);
    batch.logitsWithoutPadding.forEach((rows, sequence) => {
      const start = sequence * tokens.length * rows[0].length;
      const flat = rows.flat();
      expectAllClose(values.subarray(start, start + flat.length), flat, LOGITS);
    });
    model.dispose();
  });
});

// The demo is stored as F16; rounding its weights moves these logits by up to 0.0004 from the float32 reference.
test('the demo checkpoint: logits of eight sentences, alone and in one batch', async () => {
  const model = await load('public/models/sst2-bert');
  const { sentences } = demo;
  const reference = sentences.flatMap(({ logits }) => logits);
  const tolerance = { absolute: 1e-3, relative: 0 };
  for (const { ids, logits } of sentences) {
    const values = await logitsOf(model, { ids: Int32Array.from(ids), batch: 1, length: ids.length });
    expectAllClose(values, logits, tolerance);
  }
  const length = Math.max(...sentences.map(({ ids }) => ids.length));
  const ids = new Int32Array(sentences.length * length);
  sentences.forEach((sentence, index) => ids.set(sentence.ids, index * length));
  const lengths = sentences.map((sentence) => sentence.ids.length);
  expectAllClose(
    await logitsOf(model, { ids, batch: sentences.length, length, lengths }),
    reference,
    tolerance,
  );
  model.dispose();
});

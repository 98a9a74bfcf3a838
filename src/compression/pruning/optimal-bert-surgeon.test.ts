import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import { loadModel } from '../../model/load-model';
import type { Model } from '../../model/model';
import { expectAllClose } from '../../testing/allclose';
import fixture from '../../testing/fixtures/optimal-bert-surgeon.json';
import { openFolder } from '../../testing/folder-checkpoint';
import type { CalibrationBatch } from '../calibration/calibration';
import { FisherBlocks } from './fisher-blocks';
import { magnitudeThreshold, markBelow } from './magnitude';
import { markLeastOfGroups } from './saliency';
import { removeMarked, surgeonSaliencies } from './surgeon-update';
import { magnitudePruning } from './magnitude-pruning';
import { optimalBertSurgeon } from './optimal-bert-surgeon';

beforeAll(() => openNodeGpu());

const maskOf = (marks: Uint8Array) => Array.from(marks, (mark) => (mark ? '0' : '1')).join('');
const supportOf = (values: Float32Array) => Array.from(values, (value) => (value === 0 ? '0' : '1')).join('');

describe('from given gradients, compared with the recursion of the paper in NumPy', () => {
  const { weights, gradients, results } = fixture.matrix;
  const values = Float32Array.from(weights);

  test.each(results)('$parameters', async ({ parameters, saliencies, mask, values: expected }) => {
    const fisher = new FisherBlocks(values.length, parameters.blockSize, parameters.damping);
    for (const gradient of gradients) fisher.add(Float32Array.from(gradient), values);
    const found = await surgeonSaliencies(fisher, values);
    expectAllClose(found, saliencies, { absolute: 0, relative: 1e-5 });
    const marks =
      parameters.pattern === undefined
        ? markBelow(
            found,
            await magnitudeThreshold([found], Math.round(parameters.sparsity! * values.length)),
          ).marks
        : markLeastOfGroups(Float64Array.from(found), 2, 4);
    expect(maskOf(marks)).toBe(mask);
    expectAllClose(await removeMarked(fisher, values, marks), expected, { absolute: 1e-6, relative: 1e-5 });
  });

  test('zeros stay zero and take no part in the update', async () => {
    const holed = values.map((value, index) => (index % 3 === 0 ? 0 : value));
    const fisher = new FisherBlocks(holed.length, 50, 1e-7);
    for (const gradient of gradients) fisher.add(Float32Array.from(gradient), holed);
    const marks = Uint8Array.from(holed, (_, index) => (index % 3 === 1 ? 1 : 0));
    const updated = await removeMarked(fisher, holed, marks);
    updated.forEach((value, index) => expect(value === 0).toBe(index % 3 !== 2));
  });
});

async function withModel(folder: string, check: (model: Model) => Promise<void>): Promise<void> {
  const model = await loadModel(await openFolder(`src/testing/fixtures/${folder}`));
  try {
    await check(model);
  } finally {
    model.dispose();
  }
}

function batchesOf(ids: number[][], labels?: number[]): CalibrationBatch[] {
  const length = Math.max(...ids.map((row) => row.length));
  const batch = (first: number, rows: number[][]): CalibrationBatch => ({
    ids: Int32Array.from(rows.flatMap((row) => [...row, ...Array<number>(length - row.length).fill(0)])),
    batch: rows.length,
    length,
    lengths: rows.map((row) => row.length),
    labels: labels && Int32Array.from(labels.slice(first, first + rows.length)),
  });
  return [batch(0, ids.slice(0, 3)), batch(3, ids.slice(3))];
}

const { tinyBert } = fixture;
const calibration = { text: 'a text', batches: batchesOf(tinyBert.ids, tinyBert.labels) };

async function prune(model: Model, json: object, options = { calibration }): Promise<Model> {
  const parameters = optimalBertSurgeon.schema.parse(json);
  return optimalBertSurgeon.compressModel(model, model.blockLinears, parameters, options);
}

test.each(tinyBert.results)(
  'the tiny BERT under one threshold, $parameters',
  ({ parameters, masks, logits }) =>
    withModel('tiny-bert', async (model) => {
      const pruned = await prune(model, parameters);
      for (const [name, mask] of Object.entries(masks)) {
        const weight = pruned.linears.get(name)!;
        expect(weight.format).toBe('sparse');
        expect(supportOf(await weight.dense()), name).toBe(mask);
      }
      for (const [index, ids] of tinyBert.ids.entries()) {
        const output = pruned.logits({ ids: Int32Array.from(ids), batch: 1, length: ids.length });
        expectAllClose(await readFloats(output), logits[index], { absolute: 1e-3, relative: 1e-3 });
        output.dispose();
      }
      pruned.dispose();
    }),
);

test('each matrix separately, in a pattern, and of a language model too', () =>
  withModel('tiny-gpt2', async (model) => {
    const texts = { calibration: { text: 'a text', batches: batchesOf(tinyBert.ids) } };
    const layer = await prune(model, { sparsity: 0.25, scope: 'layer', steps: 2 }, texts);
    for (const name of model.blockLinears) {
      const values = await layer.linears.get(name)!.dense();
      expect(values.filter((value) => value === 0)).toHaveLength(Math.round(values.length / 4));
    }
    const pattern = await prune(model, { pattern: '2:4', blockSize: 10, steps: 2 }, texts);
    for (const name of model.blockLinears) {
      const weight = pattern.linears.get(name)!;
      expect(weight.format).toBe('n-of-m');
      const values = await weight.dense();
      for (let start = 0; start < values.length; start += 4)
        expect(values.subarray(start, start + 4).filter((value) => value !== 0).length).toBeLessThanOrEqual(
          2,
        );
    }
    layer.dispose();
    pattern.dispose();
  }));

test('a masked language model, whose tokens are masked for the loss', () =>
  withModel('tiny-bert-mlm', async (model) => {
    const batches = batchesOf(tinyBert.ids);
    await expect(
      prune(model, { sparsity: 0.5 }, { calibration: { text: 'a text', batches } }),
    ).rejects.toThrow('[MASK]');
    const masking = { text: 'a text', batches, maskToken: 4 };
    const pruned = await prune(model, { sparsity: 0.5, gradients: 5 }, { calibration: masking });
    expect([...pruned.linears.values()].filter(({ format }) => format === 'sparse')).toHaveLength(12);
    pruned.dispose();
  }));

test('a classifier without labels uses its own predictions', () =>
  withModel('tiny-bert', async (model) => {
    const logits = model.logits(calibration.batches[0]);
    const values = await readFloats(logits);
    logits.dispose();
    const own = [0, 1, 2].map((row) => (values[2 * row + 1] > values[2 * row] ? 1 : 0));
    const masksWith = async (labels: number[] | undefined) => {
      const batches = batchesOf(tinyBert.ids.slice(0, 3), labels).slice(0, 1);
      const pruned = await prune(model, { sparsity: 0.5 }, { calibration: { text: 'a text', batches } });
      const dense = await pruned.linears.get(model.blockLinears[0])!.dense();
      pruned.dispose();
      return dense;
    };
    const unlabelled = await masksWith(undefined);
    expect(unlabelled).toEqual(await masksWith(own));
    expect(unlabelled).not.toEqual(await masksWith(own.map((label) => 1 - label)));
  }));

test('zeros of an earlier step stay', () =>
  withModel('tiny-bert', async (model) => {
    const name = 'bert.encoder.layer.0.attention.self.query';
    const weight = model.linears.get(name)!;
    const target = { name, shape: weight.shape, values: await weight.dense(), weight };
    const parameters = magnitudePruning.schema.parse({ sparsity: 0.6 });
    const sparse = await magnitudePruning.compress(target, parameters, {}, undefined);
    const before = await sparse.dense();
    const chained = model.withLinears(new Map([[name, sparse]]));
    const pruned = await prune(chained, { sparsity: 0.4, scope: 'layer' });
    const after = await pruned.linears.get(name)!.dense();
    expect(before.every((value, index) => value !== 0 || after[index] === 0)).toBe(true);
    expect(after.filter((value) => value === 0)).toHaveLength(before.filter((value) => value === 0).length);
    chained.dispose();
    pruned.dispose();
  }));

test('parameters that do not fit are refused in one sentence', () =>
  withModel('tiny-bert', async (model) => {
    await expect(prune(model, {})).rejects.toThrow('needs a "sparsity"');
    await expect(prune(model, { pattern: '2:5' })).rejects.toThrow('does not fit bert.encoder.layer.0');
    const cancelled = { calibration, signal: AbortSignal.abort(new Error('cancelled')) };
    await expect(prune(model, { sparsity: 0.5 }, cancelled)).rejects.toThrow('cancelled');
  }));

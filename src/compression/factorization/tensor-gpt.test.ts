import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import { valuesOfTrain, trainCoreShapes } from '../../linalg/row-tensor-trains';
import { loadModel } from '../../model/load-model';
import type { Model } from '../../model/model';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import fixture from '../../testing/fixtures/tensor-gpt.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { DenseWeight } from '../../weights/formats/dense-weight';
import { applyStep } from '../recipe/apply-step';
import { compressionError, compressMatrix } from '../recipe/compress-matrix';
import { type CompressionMethod, RecipeError } from '../method';
import { METHODS } from '../methods';
import { tensorGpt } from './tensor-gpt';

beforeAll(() => openNodeGpu());

describe.each(fixture.cases)('rows of $width as $sizes', ({ width, sizes, values, results }) => {
  const matrix = Float32Array.from(values);
  const shape = [values.length / width, width] as const;

  test.each(results)(
    "rank $rank as NumPy's",
    async ({ rank, valuesOfTrain: count, relativeError, dense }) => {
      const parameters = { shape: sizes, rank };
      const weight = await compressMatrix('tensor-gpt', parameters, matrix, shape);
      expect(weight.format).toBe('tensor-train-rows');
      expect(weight.parameters).toBe(shape[0] * count);
      expectAllClose(await weight.dense(), dense, { absolute: 2e-6, relative: 0 });
      weight.dispose();
      expect(await compressionError('tensor-gpt', parameters, matrix, shape)).toBeCloseTo(relativeError, 5);
    },
  );
});

test.each(fixture.gpt2)("GPT-2's rows of 768 at rank $rank: the paper's ratio", async ({ rank, ratio }) => {
  const weight = await compressMatrix('tensor-gpt', { rank }, seededNormal(3 * 768, 1), [3, 768]);
  expect((3 * 768) / weight.parameters).toBeCloseTo(ratio, 7);
  const published: Record<number, number> = { 1: 38.4, 4: 3.31 };
  if (rank in published) expect(ratio).toBeCloseTo(published[rank], 2);
  weight.dispose();
});

test('twos are padded to the next power of two, and there are at least two of them', async () => {
  for (const [width, twos] of [
    [1, 2],
    [3, 2],
    [4, 2],
    [5, 3],
    [192, 8],
  ]) {
    const weight = await compressMatrix('tensor-gpt', { rank: 1 }, seededNormal(2 * width, 1), [2, width]);
    expect(weight.parameters).toBe(2 * valuesOfTrain(trainCoreShapes(Array<number>(twos).fill(2), 1)));
    weight.dispose();
  }
});

test('parameters that do not fit are refused in one sentence', async () => {
  const values = seededNormal(48, 1);
  const attempt = (json: unknown) => compressMatrix('tensor-gpt', json, values, [2, 24]);
  await expect(attempt({ shape: [4, 5] })).rejects.toThrow('4 · 5 = 20 does not hold the rows of h.0.c_fc');
  await expect(attempt({ shape: [6, 8] })).rejects.toThrow(RecipeError);
  await expect(attempt({ shape: [4, 6], rank: 5 })).rejects.toThrow(
    'no rank of 5 between their cores; the greatest is 4',
  );
  expect(() => tensorGpt.schema.parse({ shape: [24] })).toThrow('two sizes or more');
  expect(() => tensorGpt.schema.parse({ shape: 'auto', ranks: 3 })).toThrow('ranks');
});

async function logitsOf(model: Model): Promise<Float32Array> {
  const batch = { ids: Int32Array.of(5, 17, 3, 60, 41, 2, 60, 9), batch: 2, length: 4 };
  const logits = model.logits(batch);
  const values = await readFloats(logits);
  logits.dispose();
  return values;
}

test.each([
  ['tiny-gpt2', 'transformer.wte', 'round-to-nearest'],
  ['tiny-bert-mlm', 'bert.embeddings.word_embeddings', 'magnitude-pruning'],
])('%s with %s in trains, look-up and tied head, then %s of the cores', async (folder, name, second) => {
  const base = await loadModel(await openFolder(`src/testing/fixtures/${folder}`));
  const step = { method: tensorGpt as CompressionMethod, parameters: tensorGpt.schema.parse({ rank: 3 }) };
  const compressed = await applyStep(base, step, [name], {});
  const method = METHODS.find(({ id }) => id === second)!;
  const parameters = method.schema.parse(second === 'magnitude-pruning' ? { sparsity: 0.2 } : {});
  const twice = await applyStep(compressed, { method, parameters }, [name], {});
  for (const model of [compressed, twice]) {
    const weight = model.linears.get(name)!;
    expect(weight.format).toBe('tensor-train-rows');
    const dense = DenseWeight.fromValues(await weight.dense(), weight.shape);
    const reference = base.withLinears(new Map([[name, dense]]));
    expectAllClose(await logitsOf(model), await logitsOf(reference), { absolute: 1e-4, relative: 1e-4 });
    reference.dispose();
  }
  expect(twice.linears.get(name)!.factors![0].weight.format).not.toBe('dense');
  for (const model of [base, compressed, twice]) model.dispose();
});

import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { loadModel } from '../../model/load-model';
import { openFolder } from '../../testing/folder-checkpoint';
import { memoryEntry } from '../../testing/memory-entry';
import { memoryFiles } from '../../testing/memory-files';
import { RunFiles } from './run-files';
import { ResultCache } from './result-cache';
import { trainingRecord } from '../report/training-record';

beforeAll(() => openNodeGpu());

test('a model is restored with its weights, its curve and the base’s other tensors for later steps', async () => {
  const checkpoint = await openFolder('src/testing/fixtures/tiny-bert-mlm');
  const pooler = memoryEntry('bert.pooler.dense.bias', [2], Float32Array.of(1, 2));
  const tensors = new Map(checkpoint.tensors).set(pooler.name, pooler);
  const base = await loadModel({ ...checkpoint, tensors });
  const files = memoryFiles();
  const results = new ResultCache(new RunFiles(files));
  const run = { id: 'a'.repeat(64), checkpoint: 'c', recipe: { name: 'r', steps: [] } };
  const points = [{ step: 7, steps: 9, learningRate: 0, tokensPerSecond: 1, tokens: 1 }];
  const earlier = [trainingRecord(0, points)];
  await results.write(run, 'tiny', base, { points, earlier, seconds: 3 });
  const { model, ...header } = (await results.read(run.id, base))!;
  expect(header).toEqual({ points, earlier, seconds: 3, savedAt: expect.any(String) });
  expect([...model.unused.keys()]).toEqual([...base.unused.keys()]);
  expect(model.unused.get(pooler.name)).toBe(base.unused.get(pooler.name));
  for (const [name, weight] of base.linears)
    expect(await model.linears.get(name)!.dense(), name).toEqual(await weight.dense());
  expect([...model.vectors.keys()]).toEqual([...base.vectors.keys()]);
  expect(await results.all()).toMatchObject([{ id: run.id, model: 'tiny', steps: 7, recipe: run.recipe }]);
  expect(await results.read('b'.repeat(64), base)).toBeUndefined();
  model.dispose();
  base.dispose();
});

import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import fixture from '../../testing/fixtures/block-pruning.json';
import { DenseWeight } from '../../weights/formats/dense-weight';
import { compressMatrix } from '../recipe/compress-matrix';
import { relativeFrobeniusError } from '../recipe/relative-error';
import type { TargetMatrix } from '../method';
import { blockPruning } from './block-pruning';
import { roundToNearest } from '../quantization/round-to-nearest';

beforeAll(() => openNodeGpu());

type Name = keyof typeof fixture.matrices;

function matrixOf(name: Name): { values: Float32Array; shape: [number, number] } {
  const rows = fixture.matrices[name];
  return { values: Float32Array.from(rows.flat()), shape: [rows.length, rows[0].length] };
}

const maskOf = (values: Float32Array, width: number) =>
  Array.from({ length: values.length / width }, (_, row) =>
    Array.from(values.subarray(row * width, (row + 1) * width), (value) => Number(value !== 0)).join(''),
  );

test.each(fixture.layer)(
  '$matrix, blocks $block, sparsity $sparsity: the same blocks remain as in PyTorch',
  async (wanted) => {
    const { values, shape } = matrixOf(wanted.matrix as Name);
    const parameters = {
      blockRows: wanted.block[0],
      blockColumns: wanted.block[1],
      sparsity: wanted.sparsity,
    };
    const weight = await compressMatrix('block-pruning', parameters, values, shape);
    const dense = await weight.dense();
    expect(weight.format).toBe('block-sparse');
    expect(maskOf(dense, shape[1])).toEqual(wanted.mask);
    dense.forEach((value, index) => value !== 0 && expect(value).toBe(values[index]));
    weight.dispose();
  },
);

test.each(fixture.global)(
  'blocks $block under one threshold: the same blocks remain as in PyTorch',
  async (wanted) => {
    const parameters = blockPruning.schema.parse({
      blockRows: wanted.block[0],
      blockColumns: wanted.block[1],
      sparsity: wanted.sparsity,
      scope: 'global',
    });
    const targets = (Object.keys(fixture.matrices) as Name[]).map((name): TargetMatrix => {
      const { values, shape } = matrixOf(name);
      return { name, values, shape, weight: DenseWeight.fromValues(values, shape) };
    });
    const survey = await blockPruning.survey!(targets as unknown as AsyncIterable<TargetMatrix>, parameters);
    for (const target of targets) {
      const weight = await blockPruning.compress(target, parameters, {}, survey);
      expect(maskOf(await weight.dense(), target.shape[1])).toEqual(wanted.masks[target.name as Name]);
      weight.dispose();
      target.weight.dispose();
    }
  },
);

test('values of the remaining blocks are quantized in place', async () => {
  const { values, shape } = matrixOf('24x32');
  const pruned = await compressMatrix('block-pruning', { blockRows: 4, blockColumns: 4 }, values, shape);
  const target = { name: 'h.0.c_fc', shape, values: await pruned.dense(), weight: pruned };
  const codes = await roundToNearest.compress(target, roundToNearest.schema.parse({}), {}, undefined);
  expect(codes.format).toBe('block-sparse');
  expect(codes.storedBytes).toBeLessThan(pruned.storedBytes / 2);
  const error = relativeFrobeniusError(target.values, await codes.dense());
  expect(error).toBeLessThan(0.01);
  (await codes.dense()).forEach((value, index) => target.values[index] === 0 && expect(value).toBe(0));
  codes.dispose();
  pruned.dispose();
});

test.each([
  [{ blockRows: 0 }, 'blockRows'],
  [{ blockColumns: 2.5 }, 'blockColumns'],
  [{ sparsity: 1.5 }, 'sparsity'],
  [{ scope: 'block' }, 'scope'],
  [{ blocks: 4 }, 'blocks'],
])('%j is refused with the name of the parameter', (parameters, key) => {
  const { error } = blockPruning.schema.safeParse(parameters);
  expect(JSON.stringify(error?.issues)).toContain(key);
});

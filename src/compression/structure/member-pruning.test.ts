import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import { loadModel } from '../../model/load-model';
import type { Model } from '../../model/model';
import { restructure } from '../../model/restructure';
import { expectAllClose } from '../../testing/allclose';
import gradients from '../../testing/fixtures/gradients.json';
import fixture from '../../testing/fixtures/member-pruning.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { SparseWeight } from '../../weights/formats/sparse-weight';
import type { CalibrationSequences } from '../calibration/calibration';
import { activationImportance, gradientImportance } from './member-importance';
import { remainingPositions } from './member-selection';
import { headPruning } from './head-pruning';
import { neuronPruning } from './neuron-pruning';

beforeAll(() => openNodeGpu());

type Family = 'gpt2' | 'bert';
const METHODS = { heads: headPruning, neurons: neuronPruning };

/** The sequences of the fixture in two batches, the first padded. */
function calibrationOf(family: Family): CalibrationSequences {
  const { ids } = gradients[family];
  const labels = family === 'bert' ? gradients.bert.labels : undefined;
  const batch = (first: number, rows: number[][]) => {
    const length = Math.max(...rows.map((row) => row.length));
    return {
      ids: Int32Array.from(rows.flatMap((row) => [...row, ...Array<number>(length - row.length).fill(3)])),
      batch: rows.length,
      length,
      lengths: rows.map((row) => row.length),
      labels: labels && Int32Array.from(labels.slice(first, first + rows.length)),
    };
  };
  return { text: 'a text', batches: [batch(0, ids.slice(0, 2)), batch(2, ids.slice(2))] };
}

async function withModel(family: Family, check: (model: Model) => Promise<void>): Promise<void> {
  const model = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
  try {
    await check(model);
  } finally {
    model.dispose();
  }
}

async function logitsOf(model: Model, ids: number[]): Promise<Float32Array> {
  const logits = model.logits({ ids: Int32Array.from(ids), batch: 1, length: ids.length });
  const values = await readFloats(logits);
  logits.dispose();
  return values;
}

function prune(model: Model, of: 'heads' | 'neurons', json: object, targets = model.blockLinears) {
  const method = METHODS[of];
  const calibration = calibrationOf(model.config.modelType as Family);
  return method.compressModel(model, targets, method.schema.parse(json), { calibration });
}

describe.each(['gpt2', 'bert'] as const)('%s agrees with PyTorch in float64', (family) => {
  test.each(fixture[family])('$case', ({ case: { of, ...parameters }, importance, kept, logits }) =>
    withModel(family, async (model) => {
      const kind = of as 'heads' | 'neurons';
      const measure = parameters.importance === 'gradient' ? gradientImportance : activationImportance;
      const measured = await measure(model, calibrationOf(family), kind);
      importance.forEach((expected, block) =>
        expectAllClose(measured.get(block)!, expected, { absolute: 1e-6, relative: 1e-4 }),
      );
      const pruned = await prune(model, kind, parameters);
      const { blocks } = pruned.config.structure;
      const all = kind === 'heads' ? [0, 1] : [...Array(model.config.feedForwardWidth).keys()];
      expect(
        blocks.map(({ keptHeads, keptNeurons }) => (kind === 'heads' ? keptHeads : keptNeurons) ?? all),
      ).toEqual(kept);
      expectAllClose(await logitsOf(pruned, gradients[family].ids[0].slice(0, 4)), logits, {
        absolute: 1e-4,
        relative: 1e-4,
      });
      pruned.dispose();
    }),
  );
});

test('the adjacent matrices become smaller, and a second pruning starts from the result of the first', () =>
  withModel('gpt2', async (model) => {
    const once = await prune(model, 'neurons', { sparsity: 0.5 });
    expect(once.linears.get('transformer.h.0.mlp.c_fc')!.shape).toEqual([48, 24]);
    expect(once.linears.get('transformer.h.1.mlp.c_proj')!.shape).toEqual([24, 48]);
    expect(once.vectors.get('transformer.h.1.mlp.c_fc.bias')!.shape).toEqual([48]);
    const twice = await prune(once, 'neurons', { sparsity: 0.5 });
    const heads = await prune(twice, 'heads', { sparsity: 0.5, scope: 'block' });
    expect(heads.linears.get('transformer.h.0.attn.c_attn')!.shape).toEqual([36, 24]);
    for (const block of heads.config.structure.blocks) {
      expect(block.keptNeurons).toHaveLength(24);
      const before = once.config.structure.blocks[block.index].keptNeurons!;
      expect(block.keptNeurons!.every((neuron) => before.includes(neuron))).toBe(true);
    }
    expect((await logitsOf(heads, [5, 6, 7])).every(Number.isFinite)).toBe(true);
    for (const each of [once, twice, heads]) each.dispose();
  }));

test('only blocks with a target lose heads or neurons', () =>
  withModel('bert', async (model) => {
    const targets = ['bert.encoder.layer.1.output.dense'];
    const pruned = await prune(model, 'neurons', { sparsity: 0.25, scope: 'global' }, targets);
    const [first, second] = pruned.config.structure.blocks;
    expect([first.keptNeurons, second.keptNeurons!.length]).toEqual([undefined, 30]);
    pruned.dispose();
    await expect(prune(model, 'heads', {}, targets)).rejects.toThrow('no target is part of one');
  }));

test('a block without attention is refused for head pruning', () =>
  withModel('gpt2', async (model) => {
    const blocks = model.config.structure.blocks.map((block) => ({
      ...block,
      hasAttention: block.index > 0,
    }));
    const skipped = await restructure(model, { blocks });
    const pruned = await prune(skipped, 'heads', { sparsity: 0.5 }, skipped.blockLinears);
    expect(pruned.config.structure.blocks[1].keptHeads).toHaveLength(1);
    skipped.dispose();
    pruned.dispose();
  }));

test('a matrix that an earlier step compressed is not cut', () =>
  withModel('gpt2', async (model) => {
    const name = 'transformer.h.1.mlp.c_proj';
    const weight = model.linears.get(name)!;
    const sparse = SparseWeight.fromDense(await weight.dense(), weight.shape);
    const compressed = model.withLinears(new Map([[name, sparse]]));
    await expect(prune(compressed, 'neurons', {})).rejects.toThrow('put neuron-pruning before that step');
    const heads = await prune(compressed, 'heads', { sparsity: 0.25 });
    heads.dispose();
    compressed.dispose();
  }));

describe('selection by importance', () => {
  const importance = new Map([
    [0, Float64Array.of(0.1, 0.2, 0.3)],
    [4, Float64Array.of(5, 7, 6)],
  ]);

  test.each([
    [1 / 3, 'global', [[2], [0, 1, 2]]],
    [0.5, 'global', [[2], [1, 2]]],
    [
      1 / 3,
      'block',
      [
        [1, 2],
        [1, 2],
      ],
    ],
    [
      0,
      'global',
      [
        [0, 1, 2],
        [0, 1, 2],
      ],
    ],
    [4 / 6, 'global', [[2], [1]]],
  ] as const)('removes a share of %d, %s', (sparsity, scope, expected) => {
    const kept = remainingPositions(importance, sparsity, scope);
    expect([...kept]).toEqual([
      [0, expected[0]],
      [4, expected[1]],
    ]);
  });

  test('each block keeps at least one', () => {
    expect(() => remainingPositions(importance, 0.9, 'global')).toThrow(
      'use at most 0.666, or skip-sublayers',
    );
    expect(() => remainingPositions(importance, 1, 'block')).toThrow('use at most 0.666');
  });
});

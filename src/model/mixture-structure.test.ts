import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { FEED_FORWARD, MIXTURES, withTinyMixture } from '../testing/tiny-mixtures';
import { DenseWeight } from '../weights/formats/dense-weight';
import type { Model } from './model';
import { restructure, valuesInCheckpoint, vectorInCheckpoint } from './restructure';
import type { Mixture } from './structure';
import { STRUCTURE_KEY, structureMetadata, withStoredStructure } from './structure-metadata';

beforeAll(() => openNodeGpu());

const WIDTH = 24;
const [{ neurons }] = MIXTURES.gpt2.mixtures;
const { up, down } = FEED_FORWARD.gpt2(0);

function inCheckpoint(model: Model, module: string): Promise<Float32Array> {
  return valuesInCheckpoint(
    model,
    model.checkpointLayout.matrices.find((matrix) => matrix.module === module)!,
  );
}

function row(values: Float32Array, index: number): number[] {
  return [...values.subarray(index * WIDTH, (index + 1) * WIDTH)];
}

describe('at the size of the checkpoint', () => {
  test('matrices hold the neurons of the experts, and zeros for others', () =>
    withTinyMixture('gpt2', async (model, base) => {
      const [before, after] = [await inCheckpoint(base, up), await inCheckpoint(model, up)];
      const [columns, columnsAfter] = [await inCheckpoint(base, down), await inCheckpoint(model, down)];
      const bias = base.checkpointLayout.vectors.find(({ tensor }) => tensor === `${up}.bias`)!;
      const [biases, biasesAfter] = [
        await vectorInCheckpoint(base, bias),
        await vectorInCheckpoint(model, bias),
      ];
      expect(new Set(neurons).size).toBeLessThan(neurons.length);
      for (let neuron = 0; neuron < 96; neuron++) {
        const isThere = neurons.includes(neuron);
        expect(row(after, neuron)).toEqual(isThere ? row(before, neuron) : new Array(WIDTH).fill(0));
        expect(biasesAfter[neuron]).toBe(isThere ? biases[neuron] : 0);
        for (let output = 0; output < WIDTH; output++) {
          const at = output * 96 + neuron;
          expect(columnsAfter[at]).toBe(isThere ? columns[at] : 0);
        }
      }
    }));

  test('a neuron copied to several experts has their mean', () =>
    withTinyMixture('gpt2', async (model) => {
      const twice = neurons.find((neuron, place) => neurons.indexOf(neuron) !== place)!;
      const copies = neurons.flatMap((neuron, place) => (neuron === twice ? [place] : []));
      const values = await model.linears.get(up)!.dense();
      copies.forEach((place, copy) => values.fill(copy + 1, place * WIDTH, (place + 1) * WIDTH));
      const changed = model.withLinears(
        new Map([[up, DenseWeight.fromValues(values, [neurons.length, WIDTH])]]),
      );
      const mean = (copies.length + 1) / 2;
      expect(row(await inCheckpoint(changed, up), twice)).toEqual(new Array(WIDTH).fill(mean));
      changed.dispose();
    }));
});

test('heads can be cut in a mixture, experts cannot', () =>
  withTinyMixture('gpt2', async (model) => {
    const { structure } = model.config;
    const [first, second] = structure.blocks;
    const oneHead = await restructure(model, { blocks: [{ ...first, keptHeads: [1] }, second] });
    expect(oneHead.linears.get('transformer.h.0.attn.c_attn')!.shape).toEqual([36, WIDTH]);
    expect(await oneHead.linears.get(up)!.dense()).toEqual(await model.linears.get(up)!.dense());
    oneHead.dispose();
    const fewer = { ...first, mixture: undefined, keptNeurons: [0, 1] };
    await expect(restructure(model, { blocks: [fewer, second] })).rejects.toThrow(
      'cannot be cut any further',
    );
  }));

describe('metadata', () => {
  test('restore the structure', () =>
    withTinyMixture('bert', async (model, base) => {
      const stored = withStoredStructure(base.config, structureMetadata(model.config));
      expect(stored.structure).toEqual(model.config.structure);
    }));

  test.each<[string, object]>([
    ['it cannot be read', { experts: 0 }],
    ['it cannot be read', { routing: '0Z' }],
    ['are not those of 5 experts', { experts: 5 }],
    ['a neuron that is not below 96', { neurons: new Array(36).fill(96) }],
    ['routes 2 tokens of 97', { routing: '01' }],
    ['routes tokens past its 3 experts', { routing: '3'.repeat(97) }],
  ])('that are damaged are refused: %s', (message, damage) =>
    withTinyMixture('gpt2', async (model, base) => {
      const [first, second] = model.config.structure.blocks;
      const damaged = { ...(first.mixture as Mixture), ...damage };
      const text = JSON.stringify({ blocks: [{ ...first, mixture: damaged }, second] });
      expect(() => withStoredStructure(base.config, { [STRUCTURE_KEY]: text })).toThrow(message);
    }),
  );

  test('with both kept neurons and experts are refused', () =>
    withTinyMixture('gpt2', async (model, base) => {
      const [first, second] = model.config.structure.blocks;
      const text = JSON.stringify({ blocks: [{ ...first, keptNeurons: [0] }, second] });
      expect(() => withStoredStructure(base.config, { [STRUCTURE_KEY]: text })).toThrow('both kept neurons');
    }));
});

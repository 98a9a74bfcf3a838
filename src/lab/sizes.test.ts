import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { withTinyMixture } from '../testing/tiny-mixtures';
import { activeOf, plannedSize, storedParameters } from './sizes';

beforeAll(() => openNodeGpu());

test('a token uses one expert of each layer', () =>
  withTinyMixture('gpt2', async (model, base) => {
    const { width } = base.config;
    // A neuron has a row, a column and a bias; 96 neurons before, 3 experts of 12 and 3 of 7 now.
    const ofNeuron = 2 * width + 1;
    const withoutNeurons = storedParameters(base) - 2 * 96 * ofNeuron;
    expect(storedParameters(model)).toBe(withoutNeurons + (36 + 21) * ofNeuron);
    const active = { activeParameters: withoutNeurons + (12 + 7) * ofNeuron };
    expect(activeOf(model)).toEqual(active);
    expect(plannedSize(base, model, { name: 'experts', steps: [] })).toMatchObject(active);
    expect(activeOf(base)).toEqual({});
  }));

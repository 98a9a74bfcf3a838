import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { sequenceOf, withNextTokens } from '../../model/gradients/training-batch';
import { expectAllClose } from '../../testing/allclose';
import {
  FEED_FORWARD,
  MIXTURE_FAMILIES,
  mixtureBatch,
  MIXTURES,
  withTinyMixture,
} from '../../testing/tiny-mixtures';
import { neuronImportance } from './neuron-importance';

beforeAll(() => openNodeGpu());

/** Labels of the fixture's sentences. */
const LABELS = Int32Array.of(1, 0, 1);

test.each(MIXTURE_FAMILIES)(
  '%s: importances of neurons equal those by PyTorch’s autograd in float64',
  (family) =>
    withTinyMixture(family, async (_, base) => {
      const plain = mixtureBatch(family);
      const batch = family === 'gpt2' ? withNextTokens(plain) : { ...plain, targets: LABELS };
      const sequences = [0, 1, 2].map((index) => sequenceOf(batch, index));
      const blocks = new Map([0, 1].map((block) => [block, FEED_FORWARD[family](block)]));
      const importance = await neuronImportance(base, sequences, blocks);
      expect([...importance.keys()]).toEqual([0, 1]);
      for (const [block, values] of importance) {
        const expected = MIXTURES[family].importance[block];
        expectAllClose(values, expected, { absolute: 1e-5 * Math.max(...expected), relative: 1e-4 });
      }
    }),
);

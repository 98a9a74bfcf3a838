import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { recovered, SHORT_RUN, TINY_MODELS, withTiny } from '../../testing/tiny-recipes';
import { meanDivergence } from '../../testing/tiny-training';

beforeAll(() => openNodeGpu());

const step = (parameters: object) => ({
  method: 'layer-distillation',
  targets: ['Linear'],
  parameters: { ...SHORT_RUN, ...parameters },
});

describe.each(TINY_MODELS)('%s', (name) => {
  test.each([{}, { hiddenWeight: 0.1 }, { attentionWeight: 1 }])(
    'its last block learns the function of both: %j',
    (weights) =>
      withTiny(name, async (base) => {
        const keep = { keep: 'list', list: [1] };
        const truncated = await recovered(base, [
          { method: 'layer-truncation', targets: ['Linear'], parameters: keep },
        ]);
        const trained = await recovered(base, [step({ ...keep, ...weights })]);
        expect(trained.config.structure.blocks.map(({ index }) => index)).toEqual([1]);
        expect([...trained.linears.keys()]).toEqual([...truncated.linears.keys()]);
        expect(await meanDivergence(base, trained)).toBeLessThan(
          0.9 * (await meanDivergence(base, truncated)),
        );
        truncated.dispose();
        trained.dispose();
      }),
  );
});

test('missing blocks are refused before anything is trained', () =>
  withTiny('tiny-gpt2', async (base) => {
    await expect(recovered(base, [step({ keep: 'first', layers: 3 })])).rejects.toThrow('use at most 2');
  }));

import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { recovered, SHORT_RUN, withTiny } from '../../testing/tiny-recipes';
import { meanDivergence } from '../../testing/tiny-training';

beforeAll(() => openNodeGpu());

const LOW_RANK = { method: 'low-rank', targets: ['Linear'], parameters: { rank: 4 } };
const taught = (parameters: object = {}) => ({
  method: 'meta-distillation',
  targets: ['Linear'],
  parameters: { ...SHORT_RUN, ...parameters },
});

const SIX_STEPS = { steps: 6 };

test('a teacher with a learning rate of 0 teaches like the base', () =>
  withTiny('tiny-gpt2', async (base) => {
    const distilled = { ...taught(SIX_STEPS), method: 'knowledge-distillation' };
    const [still, moving, plain] = [
      await recovered(base, [LOW_RANK, taught({ ...SIX_STEPS, teacherLearningRate: 0 })]),
      await recovered(base, [LOW_RANK, taught({ ...SIX_STEPS, teacherLearningRate: 1 })]),
      await recovered(base, [LOW_RANK, distilled]),
    ];
    const [same, other] = [await meanDivergence(plain, still), await meanDivergence(plain, moving)];
    expect(same).toBeLessThan(1e-6);
    expect(other).toBeGreaterThan(1e-3);
    for (const model of [still, moving, plain]) model.dispose();
  }));

test('a distillation weight of 0 is refused', () =>
  withTiny('tiny-gpt2', async (base) => {
    await expect(recovered(base, [taught({ distillationWeight: 0 })])).rejects.toThrow(
      'meta-distillation trains the teacher by what the variant learns from it',
    );
  }));

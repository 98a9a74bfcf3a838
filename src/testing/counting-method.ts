import { z } from 'zod';
import type { ModelMethod } from '../compression/method';
import { parameter } from '../parameters/parameter';

/** Record of the method's runs, and the step at which it fails once. */
export const counting = { breaksAt: Infinity, sums: [] as number[], firstSteps: [] as number[] };

/**
 * Substitute for a training method: sums the ids of a batch at each step, saves the sum every other step and obeys the
 * control.
 */
export const countingMethod: ModelMethod<{ steps: number }> = {
  id: 'counting',
  title: 'Counting',
  paper: 'none',
  summary: 'Counts.',
  appliesTo: 'model',
  trains: true,
  schema: z.strictObject({
    steps: parameter(z.number().min(1).max(1_000_000).default(6), {
      label: 'Steps',
      help: 'Counted.',
      step: 1,
    }),
  }),
  async compressModel(model, _targets, { steps }, { training, signal }) {
    const { data, control, states, onPoint } = training!;
    const saved = await states?.read();
    let [step, sum] = saved ? new Int32Array(saved.slice().buffer) : [0, 0];
    counting.firstSteps.push(step);
    while (step < steps && !control?.isFinishing) {
      await new Promise((resolve) => setTimeout(resolve));
      await control?.untilRunning();
      signal?.throwIfAborted();
      if (step === counting.breaksAt) {
        counting.breaksAt = Infinity;
        throw new Error('The tab was closed.');
      }
      sum += data.batch(step, 2, 8, 0).ids.reduce((total, id) => total + id, 0);
      step++;
      onPoint?.({ step, steps, learningRate: 0.1, tokensPerSecond: 1, tokens: 16 * step });
      if (step % 2 === 0) await states?.write(new Uint8Array(Int32Array.of(step, sum).buffer));
    }
    counting.sums.push(sum);
    await states?.remove();
    return model.clone();
  },
};

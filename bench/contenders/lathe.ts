import { closeGpu, openGpu } from '../../src/engines/webgpu/device';
import { readTensorBytes } from '../../src/engines/webgpu/transfer';
import { argmaxRows } from '../../src/engines/webgpu/kernels/sampling/argmax-rows';
import { generate } from '../../src/model/generation/generate';
import { loadModel } from '../../src/model/load-model';
import { type CausalModel, requireCausal } from '../../src/model/causal-model';
import { type Contender, timeTokens } from './contender';
import { multiplications } from './multiplications';
import { fetchCheckpoint } from './fetch-checkpoint';

/** Methods that only Lathe's models have. */
export interface LatheContender extends Contender {
  /** Number of multiplications for running `tokens` after `past` others. */
  multiplications(tokens: number, past: number): number;
}

/** Lathe on a checkpoint: a plain one, or one that Lathe exported in a compressed format. */
export function lathe(folder: string): LatheContender {
  let model: CausalModel | undefined;
  return {
    async load() {
      await openGpu();
      model = requireCausal(await loadModel(await fetchCheckpoint(folder)));
    },
    // Not through `generate`, which refuses a prompt that fills the context.
    async prefill(tokens) {
      const cache = model!.createCache(tokens.length);
      const logits = model!.extend(tokens, cache);
      const likeliest = argmaxRows(logits);
      const [id] = new Int32Array(await readTensorBytes(likeliest));
      for (const each of [logits, likeliest, cache]) each.dispose();
      return id;
    },
    decode: (prompt, count) =>
      timeTokens(generate(model!, prompt, { maxNewTokens: count + 1, temperature: 0 })),
    multiplications: (tokens, past) => multiplications(model!, tokens, past),
    async dispose() {
      model?.dispose();
      closeGpu();
    },
  };
}

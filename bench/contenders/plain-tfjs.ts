import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-webgpu';
import { type Contender, timeTokens } from './contender';
import { fetchCheckpoint } from './fetch-checkpoint';
import { type LayerKeysAndValues, PlainGpt2 } from './plain-gpt2';

/** The same graph in plain tfjs ops, on tfjs's WebGPU backend with its own defaults. */
export function plainTfjs(folder: string): Contender {
  let model: PlainGpt2 | undefined;

  async function* greedy(prompt: Int32Array, count: number): AsyncGenerator<number> {
    let pending = prompt;
    let cache: LayerKeysAndValues[] | undefined;
    try {
      for (let generated = 0; generated < count; generated++) {
        const next = model!.next(pending, cache);
        tf.dispose(cache?.flat() ?? []);
        cache = next.cache;
        const [id] = await next.id.data();
        next.id.dispose();
        yield id;
        pending = Int32Array.of(id);
      }
    } finally {
      tf.dispose(cache?.flat() ?? []);
    }
  }

  return {
    async load() {
      if (!(await tf.setBackend('webgpu'))) throw new Error("tfjs's WebGPU backend could not be started.");
      model = await PlainGpt2.load(await fetchCheckpoint(folder));
    },
    async prefill(tokens) {
      for await (const id of greedy(tokens, 1)) return id;
      throw new Error('tfjs generated nothing.');
    },
    decode: (prompt, count) => timeTokens(greedy(prompt, count + 1)),
    async dispose() {
      model?.dispose();
    },
  };
}

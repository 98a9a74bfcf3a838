import { readFloats, readTensorBytes } from '../gpu/transfer';
import { argmaxRows } from '../kernels/argmax-rows';
import type { Model } from './model';

export interface SamplingOptions {
  readonly maxNewTokens: number;
  /** 0: the most likely token each time. */
  readonly temperature: number;
  /** Only the k most likely tokens are drawn from. */
  readonly topK?: number;
  /** The same seed draws the same tokens. */
  readonly seed?: number;
  readonly endOfText?: number;
  readonly signal?: AbortSignal;
}

/**
 * Continues a prompt token by token, with a key/value cache, until `maxNewTokens`, the end of text, or the end of the
 * context.
 * @throws Error for an empty prompt or one that fills the context
 */
export async function* generate(
  model: Model,
  prompt: Int32Array,
  options: SamplingOptions,
): AsyncGenerator<number, void, undefined> {
  const { contextLength } = model.config;
  if (prompt.length === 0) throw new Error('The prompt is empty; write a word or more to continue from.');
  if (prompt.length >= contextLength) {
    throw new Error(
      `The prompt is ${prompt.length} tokens long and the model has ${contextLength} positions; shorten it to leave room.`,
    );
  }
  const random = seeded(options.seed ?? 0);
  const cache = model.createCache(Math.min(contextLength, prompt.length + options.maxNewTokens));
  try {
    let pending = prompt;
    for (
      let count = 0;
      count < options.maxNewTokens && cache.length + pending.length <= cache.capacity;
      count++
    ) {
      options.signal?.throwIfAborted();
      const id = await nextToken(model, pending, cache, options, random);
      if (id === options.endOfText) return;
      yield id;
      pending = Int32Array.of(id);
    }
  } finally {
    cache.dispose();
  }
}

async function nextToken(
  model: Model,
  ids: Int32Array,
  cache: ReturnType<Model['createCache']>,
  { temperature, topK }: SamplingOptions,
  random: () => number,
): Promise<number> {
  const logits = model.extend(ids, cache);
  if (temperature > 0) {
    const values = await readFloats(logits);
    logits.dispose();
    return sample(values, temperature, topK ?? values.length, random());
  }
  const top = argmaxRows(logits);
  logits.dispose();
  const [id] = new Int32Array(await readTensorBytes(top));
  top.dispose();
  return id;
}

/**
 * Draws from softmax(logits / temperature) over the `topK` greatest logits (the lowest ids among equals).
 * @param draw uniform in [0, 1)
 */
export function sample(logits: Float32Array, temperature: number, topK: number, draw: number): number {
  const kept = Math.min(Math.max(1, topK), logits.length);
  const ascending = logits.slice().sort();
  const [least, greatest] = [ascending[logits.length - kept], ascending[logits.length - 1]];
  let equalsLeft = kept - logits.reduce((count, logit) => count + Number(logit > least), 0);
  const weights = logits.map((logit) =>
    logit > least || (logit === least && equalsLeft-- > 0) ? Math.exp((logit - greatest) / temperature) : 0,
  );
  let left = draw * weights.reduce((sum, weight) => sum + weight, 0);
  let last = 0;
  for (let id = 0; id < weights.length; id++) {
    if (weights[id] === 0) continue;
    last = id;
    left -= weights[id];
    if (left < 0) break;
  }
  return last;
}

/** A small seeded generator (xorshift32): uniform numbers in [0, 1). */
function seeded(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}

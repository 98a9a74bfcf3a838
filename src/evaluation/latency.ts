import { gpuIdle } from '../gpu/memory';
import { readTensorBytes } from '../gpu/transfer';
import { argmaxRows } from '../kernels/argmax-rows';
import type { KeyValueCache, Model } from '../model/model';
import { EvaluationError } from './evaluation-error';
import { quantile } from './statistics';

/** Tokens a second over several runs. */
export interface Rate {
  readonly median: number;
  /** The rate that 95 % of the runs reached or exceeded. */
  readonly p95: number;
  readonly runs: number;
}

export interface LatencyOptions {
  readonly prefillTokens: number;
  /** Tokens generated one by one after the prefill (causal models). */
  readonly decodeTokens: number;
  readonly runs: number;
  readonly signal?: AbortSignal;
  onProgress?(runsDone: number, runs: number): void;
}

export interface LatencyResult {
  readonly prefillTokensPerSecond: Rate;
  readonly decodeTokensPerSecond?: Rate;
}

interface Run {
  readonly prefill: number;
  readonly decode?: number;
}

/**
 * Wall time of prefill and decode with the GPU drained at either end, every model in turn in each round (A B A B), so that
 * a drift of the machine's speed falls on all alike. The first round warms up and does not count.
 *
 * @returns results in the order of `models`
 * @throws EvaluationError where the tokens do not fit the context
 */
export async function latency(models: readonly Model[], options: LatencyOptions): Promise<LatencyResult[]> {
  const { prefillTokens, decodeTokens, runs, signal, onProgress } = options;
  const { contextLength, task } = models[0].config;
  const needed = task === 'causal-lm' ? prefillTokens + decodeTokens : prefillTokens;
  if (prefillTokens < 1 || needed > contextLength) {
    throw new EvaluationError(
      `${needed} tokens do not fit the ${contextLength} positions of this model; measure with fewer.`,
    );
  }
  const measured: Run[][] = models.map(() => []);
  const total = (runs + 1) * models.length;
  for (let round = 0; round <= runs; round++) {
    for (const [index, model] of models.entries()) {
      signal?.throwIfAborted();
      onProgress?.(round * models.length + index, total);
      const run =
        task === 'causal-lm' ? await causalRun(model, options) : await encoderRun(model, prefillTokens);
      if (round > 0) measured[index].push(run);
    }
  }
  onProgress?.(total, total);
  return measured.map((each) => ({
    prefillTokensPerSecond: rateOf(each.map(({ prefill }) => prefillTokens / prefill)),
    decodeTokensPerSecond:
      task === 'causal-lm' && decodeTokens > 0
        ? rateOf(each.map(({ decode }) => decodeTokens / decode!))
        : undefined,
  }));
}

async function causalRun(model: Model, { prefillTokens, decodeTokens }: LatencyOptions): Promise<Run> {
  const cache = model.createCache(prefillTokens + decodeTokens);
  try {
    const prompt = idsOf(model, prefillTokens);
    await gpuIdle();
    const start = performance.now();
    let id = await likeliest(model, prompt, cache);
    const prefilled = performance.now();
    for (let count = 0; count < decodeTokens; count++) id = await likeliest(model, Int32Array.of(id), cache);
    return { prefill: (prefilled - start) / 1000, decode: (performance.now() - prefilled) / 1000 };
  } finally {
    cache.dispose();
  }
}

/** Reads back the likeliest next id, as greedy generation does. */
async function likeliest(model: Model, ids: Int32Array, cache: KeyValueCache): Promise<number> {
  const logits = model.extend(ids, cache);
  const top = argmaxRows(logits);
  logits.dispose();
  const [id] = new Int32Array(await readTensorBytes(top));
  top.dispose();
  return id;
}

async function encoderRun(model: Model, tokens: number): Promise<Run> {
  const ids = idsOf(model, tokens);
  await gpuIdle();
  const start = performance.now();
  const logits = model.logits({ ids, batch: 1, length: tokens });
  await gpuIdle();
  const prefill = (performance.now() - start) / 1000;
  logits.dispose();
  return { prefill };
}

/** Ids spread over the vocabulary: what is looked up should not all lie in one cache line. */
function idsOf(model: Model, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => (index * 7919 + 13) % model.config.vocabularySize);
}

function rateOf(rates: readonly number[]): Rate {
  return { median: quantile(rates, 0.5), p95: quantile(rates, 0.05), runs: rates.length };
}

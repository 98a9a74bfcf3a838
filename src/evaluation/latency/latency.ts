import { GpuTimer } from '../../engines/webgpu/gpu-timer';
import { gpuIdle } from '../../engines/webgpu/memory';
import { Decoding } from '../../model/generation/decoding';
import { type CausalModel, isCausal } from '../../model/causal-model';
import type { Model } from '../../model/model';
import type { OperationOptions } from '../../progress/progress';
import { EvaluationError } from '../evaluation-error';
import { quantile } from '../statistics';

/** Tokens per second over several runs. */
export interface Rate {
  readonly median: number;
  /** Rate that 95 % of the runs reach or exceed (the slow tail). */
  readonly p95: number;
  readonly runs: number;
}

/** Milliseconds over several runs. */
export interface Duration {
  readonly median: number;
  /** Time that 95 % of the runs do not exceed (the slow tail). */
  readonly p95: number;
  readonly runs: number;
}

/** Wall-clock and GPU time of the same runs. */
export interface Durations {
  /** Time from the call until its result was read back. */
  readonly wall: Duration;
  /** Time in GPU kernels; absent on devices without `timestamp-query`. Browsers round it, Chrome to 100 µs. */
  readonly gpu?: Duration;
}

export interface LatencyOptions extends OperationOptions {
  readonly prefillTokens: number;
  /** Tokens generated one by one after the prefill (causal models). */
  readonly decodeTokens: number;
  readonly runs: number;
}

export interface LatencyResult {
  readonly prefillTokensPerSecond: Rate;
  readonly decodeTokensPerSecond?: Rate;
  /** Time for the whole prompt. */
  readonly prefillMilliseconds: Durations;
  /** Time per generated token, averaged over each run. */
  readonly decodeMilliseconds?: Durations;
}

/** Milliseconds of one prefill or decode. */
interface Timing {
  readonly wall: number;
  readonly gpu?: number;
}

interface Run {
  readonly prefill: Timing;
  readonly decode?: Timing;
}

/**
 * Measures wall-clock and GPU time of prefill and decode with an idle GPU before and after. Models alternate in each round (A
 * B A B), so that drift of the machine's speed affects all alike. The first round is a warm-up and does not count. Rates are
 * from wall-clock time.
 *
 * @returns results in the order of `models`
 * @throws EvaluationError if the tokens do not fit the context
 */
export async function latency(models: readonly Model[], options: LatencyOptions): Promise<LatencyResult[]> {
  const { prefillTokens, decodeTokens, runs, signal, onProgress } = options;
  const { contextLength } = models[0].config;
  const needed = isCausal(models[0]) ? prefillTokens + decodeTokens : prefillTokens;
  if (prefillTokens < 1 || needed > contextLength) {
    throw new EvaluationError(
      `${needed} tokens do not fit the ${contextLength} positions of this model; measure with fewer.`,
    );
  }
  const measured: Run[][] = models.map(() => []);
  const total = (runs + 1) * models.length;
  const report = (done: number) => onProgress?.({ label: 'Measuring latency', done, total, unit: 'runs' });
  const timer = GpuTimer.open();
  try {
    for (let round = 0; round <= runs; round++) {
      for (const [index, model] of models.entries()) {
        signal?.throwIfAborted();
        report(round * models.length + index);
        const run = isCausal(model)
          ? await causalRun(model, options, timer)
          : await encoderRun(model, prefillTokens, timer);
        if (round > 0) measured[index].push(run);
      }
    }
  } finally {
    timer?.destroy();
  }
  report(total);
  return measured.map((modelRuns) => resultOf(modelRuns, options));
}

function resultOf(runs: readonly Run[], { prefillTokens, decodeTokens }: LatencyOptions): LatencyResult {
  const prefills = runs.map(({ prefill }) => prefill);
  const decodes = runs.flatMap(({ decode }) => decode ?? []);
  const prefill = {
    prefillTokensPerSecond: rateOf(prefills, prefillTokens),
    prefillMilliseconds: durationsOf(prefills, 1),
  };
  if (decodes.length === 0) return prefill;
  return {
    ...prefill,
    decodeTokensPerSecond: rateOf(decodes, decodeTokens),
    decodeMilliseconds: durationsOf(decodes, decodeTokens),
  };
}

async function causalRun(
  model: CausalModel,
  { prefillTokens, decodeTokens }: LatencyOptions,
  timer: GpuTimer | undefined,
): Promise<Run> {
  const prompt = idsOf(model, prefillTokens);
  const options = { temperature: 0, maxNewTokens: decodeTokens + 1 };
  const decoding = new Decoding(model, prefillTokens, options);
  try {
    const prefill = await measureTime(timer, async () => {
      decoding.submitPrompt(prompt);
      await decoding.read();
    });
    if (decodeTokens === 0) return { prefill };
    const decode = await measureTime(timer, () => decodeAll(decoding, decodeTokens));
    return { prefill, decode };
  } finally {
    decoding.dispose();
  }
}

/** Submits the next token while an id is being read back, as generation does. */
async function decodeAll(decoding: Decoding, tokens: number): Promise<void> {
  decoding.submitStep();
  for (let read = 1; read <= tokens; read++) {
    if (read < tokens) decoding.submitStep();
    await decoding.read();
  }
}

/** Measures some work in milliseconds of wall-clock and GPU time, starting from an idle GPU. */
async function measureTime(timer: GpuTimer | undefined, work: () => Promise<void>): Promise<Timing> {
  await gpuIdle();
  timer?.start();
  const start = performance.now();
  await work();
  const wall = performance.now() - start;
  return { wall, gpu: await timer?.stop() };
}

async function encoderRun(model: Model, tokens: number, timer: GpuTimer | undefined): Promise<Run> {
  const ids = idsOf(model, tokens);
  const prefill = await measureTime(timer, async () => {
    model.logits({ ids, batch: 1, length: tokens }).dispose();
    await gpuIdle();
  });
  return { prefill };
}

/** Ids spread over the vocabulary, so that embedding lookups do not share cache lines. */
function idsOf(model: Model, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => (index * 7919 + 13) % model.config.vocabularySize);
}

function rateOf(timings: readonly Timing[], tokens: number): Rate {
  const rates = timings.map(({ wall }) => (1000 * tokens) / wall);
  return { median: quantile(rates, 0.5), p95: quantile(rates, 0.05), runs: rates.length };
}

/** @param parts number of equal parts of a run; durations are per part */
function durationsOf(timings: readonly Timing[], parts: number): Durations {
  const wall = durationOf(timings.map((timing) => timing.wall / parts));
  const gpu = timings.flatMap((timing) => (timing.gpu === undefined ? [] : timing.gpu / parts));
  return gpu.length > 0 ? { wall, gpu: durationOf(gpu) } : { wall };
}

function durationOf(durations: readonly number[]): Duration {
  return { median: quantile(durations, 0.5), p95: quantile(durations, 0.95), runs: durations.length };
}

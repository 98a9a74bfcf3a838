import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { closeGpu, currentGpu, type DeviceOptions } from '../../engines/webgpu/device';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { loadModel } from '../../model/load-model';
import { openFolder } from '../../testing/folder-checkpoint';
import { requireCausal } from '../../model/causal-model';
import { latency, type LatencyOptions, type LatencyResult } from './latency';

afterEach(() => closeGpu());

const FIXTURES = join(import.meta.dirname, '../../testing/fixtures');
const DURATION = { median: expect.any(Number), p95: expect.any(Number), runs: 2 };

async function latencyOf(
  name: string,
  options: LatencyOptions,
  device: DeviceOptions = {},
): Promise<LatencyResult> {
  await openNodeGpu(device);
  const model = await loadModel(await openFolder(join(FIXTURES, name)));
  try {
    const [result] = await latency([model], options);
    return result;
  } finally {
    model.dispose();
  }
}

test('prefill and decode report wall-clock and GPU time of the same runs', async () => {
  const result = await latencyOf('tiny-gpt2', { prefillTokens: 8, decodeTokens: 4, runs: 2 });
  const { prefillMilliseconds, decodeMilliseconds } = result;
  for (const durations of [prefillMilliseconds, decodeMilliseconds!]) {
    expect(durations).toEqual({ wall: DURATION, gpu: DURATION });
    expect(durations.wall.p95).toBeGreaterThanOrEqual(durations.wall.median);
    expect(durations.gpu!.p95).toBeGreaterThanOrEqual(durations.gpu!.median);
  }
});

test('durations are for the whole prompt and for one generated token', async () => {
  const result = await latencyOf('tiny-gpt2', { prefillTokens: 8, decodeTokens: 4, runs: 1 });
  const [prefill, decode] = [result.prefillMilliseconds.wall, result.decodeMilliseconds!.wall];
  expect(result.prefillTokensPerSecond.median * prefill.median).toBeCloseTo(8 * 1000, 6);
  expect(result.decodeTokensPerSecond!.median * decode.median).toBeCloseTo(1000, 6);
});

test('without timestamp-query, only wall-clock time is reported', async () => {
  const result = await latencyOf(
    'tiny-gpt2',
    { prefillTokens: 8, decodeTokens: 4, runs: 2 },
    { withoutFeatures: ['timestamp-query'] },
  );
  expect(result.prefillMilliseconds).toEqual({ wall: DURATION });
  expect(result.decodeMilliseconds).toEqual({ wall: DURATION });
});

test('an encoder has only prefill', async () => {
  const result = await latencyOf('tiny-bert-mlm', { prefillTokens: 8, decodeTokens: 4, runs: 2 });
  expect(result.prefillMilliseconds).toEqual({ wall: DURATION, gpu: DURATION });
  expect(result).not.toHaveProperty('decodeMilliseconds');
});

test('a failed run stops the GPU timer and leaves the device usable', async () => {
  await openNodeGpu();
  const model = requireCausal(await loadModel(await openFolder(join(FIXTURES, 'tiny-gpt2'))));
  const options = { prefillTokens: 8, decodeTokens: 4, runs: 1 };
  const extend = vi.spyOn(model, 'extend').mockImplementationOnce(() => {
    throw new Error('no memory');
  });
  await expect(latency([model], options)).rejects.toThrow('no memory');
  expect(Object.hasOwn(currentGpu().device, 'createCommandEncoder')).toBe(false);
  extend.mockRestore();
  await expect(latency([model], options)).resolves.toHaveLength(1);
  model.dispose();
});

test('every run of every model counts; too many tokens are rejected', async () => {
  await openNodeGpu();
  const model = await loadModel(await openFolder(join(FIXTURES, 'tiny-gpt2')));
  const results = await latency([model, model], { prefillTokens: 8, decodeTokens: 4, runs: 3 });
  expect(results).toHaveLength(2);
  for (const { prefillTokensPerSecond, decodeTokensPerSecond } of results) {
    expect(prefillTokensPerSecond.runs).toBe(3);
    expect(decodeTokensPerSecond!.median).toBeGreaterThanOrEqual(decodeTokensPerSecond!.p95);
    expect(decodeTokensPerSecond!.p95).toBeGreaterThan(0);
  }
  await expect(latency([model], { prefillTokens: 30, decodeTokens: 8, runs: 1 })).rejects.toThrow(
    '38 tokens do not fit the 32 positions',
  );
  model.dispose();
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint } from '../../src/checkpoint/open-checkpoint';
import { openNodeGpu } from '../../src/engines/webgpu/node-gpu';
import { seededUniform } from '../../src/linalg/seeded-random';
import { withNextTokens } from '../../src/model/gradients/training-batch';
import { loadModel } from '../../src/model/load-model';
import { LatheTraining } from './lathe-training';
import { PlainTraining } from './plain-training';
import type { Training } from './training';

interface Setting {
  /** Folder of the checkpoint. */
  readonly checkpoint: string;
  readonly rounds: number;
  readonly sequences: number;
  readonly length: number;
}

interface Report {
  readonly adapter: string;
  readonly tokens: number;
  /** Medians of one step. */
  readonly milliseconds: { readonly lathe: number; readonly tfjs: number };
  readonly tokensPerSecond: { readonly lathe: number; readonly tfjs: number };
  /** Ratio of tfjs's time to Lathe's. */
  readonly ratio: number;
  /** Losses of every step, Lathe's and tfjs's: they must agree for the times to be comparable. */
  readonly losses: { readonly lathe: readonly number[]; readonly tfjs: readonly number[] };
}

const FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];

export async function compareWithTfjs({ checkpoint, rounds, sequences, length }: Setting): Promise<Report> {
  const gpu = await openNodeGpu();
  const files = await openCheckpoint(
    FILES.map((path) => ({ path, blob: new Blob([readFileSync(join(checkpoint, path))]) })),
  );
  const model = await loadModel(files);
  const random = seededUniform(1);
  const ids = Int32Array.from({ length: sequences * length }, () =>
    Math.floor(random() * model.config.vocabularySize),
  );
  const batch = withNextTokens({ ids, batch: sequences, length });
  const contenders: readonly Training[] = [
    await LatheTraining.of(model, batch),
    await PlainTraining.of(files, batch),
  ];
  model.dispose();
  const times: number[][] = [[], []];
  const losses: number[][] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const begin = performance.now();
      losses[index].push(await contender.step());
      if (round > 0) times[index].push(performance.now() - begin);
    }
  }
  for (const contender of contenders) contender.dispose();
  const [lathe, tfjs] = times.map(median);
  const tokens = sequences * length;
  return {
    adapter: gpu.device.adapterInfo.description,
    tokens,
    milliseconds: { lathe, tfjs },
    tokensPerSecond: { lathe: (1000 * tokens) / lathe, tfjs: (1000 * tokens) / tfjs },
    ratio: tfjs / lathe,
    losses: { lathe: losses[0], tfjs: losses[1] },
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

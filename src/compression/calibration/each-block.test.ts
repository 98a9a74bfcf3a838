import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { loadModel } from '../../model/load-model';
import type { Model } from '../../model/model';
import { expectAllClose } from '../../testing/allclose';
import fixture from '../../testing/fixtures/calibration.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { DenseWeight } from '../../weights/formats/dense-weight';
import type { CalibrationSequences, CalibrationStatistic, LinearStatistics } from './calibration';
import { compressEachBlock } from './each-block';
import type { CalibratedMethod } from '../method';

beforeAll(() => openNodeGpu());

const ALL: CalibrationStatistic[] = [
  'inputSquareSums',
  'inputAbsoluteSums',
  'inputAbsoluteMaxima',
  'hessian',
  'outputGram',
];

/** Records its statistics, and multiplies each matrix by a factor. */
function noting(seen: Map<string, LinearStatistics>, factor = 1): CalibratedMethod<object> {
  return {
    id: 'noting',
    title: 'Noting',
    paper: 'none',
    summary: 'Notes statistics.',
    appliesTo: 'matrix',
    schema: z.strictObject({}),
    statistics: () => ALL,
    compressCalibrated: async ({ name, shape, values }, statistics) => {
      seen.set(name, statistics);
      return DenseWeight.fromValues(
        values.map((value) => value * factor),
        shape,
      );
    },
  };
}

function sequencesOf(
  { ids, lengths }: { ids: number[][]; lengths?: number[] },
  size: number,
): CalibrationSequences {
  const batches = [];
  for (let first = 0; first < ids.length; first += size) {
    const rows = ids.slice(first, first + size);
    batches.push({
      ids: Int32Array.from(rows.flat()),
      batch: rows.length,
      length: rows[0].length,
      lengths: lengths?.slice(first, first + size),
    });
  }
  return { text: 'a text', batches };
}

async function withTiny(family: 'gpt2' | 'bert', check: (model: Model) => Promise<void>): Promise<void> {
  const model = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
  try {
    await check(model);
  } finally {
    model.dispose();
  }
}

type Expected = Record<string, { tokens: number } & Record<CalibrationStatistic, number[] | null>>;

describe.each(['gpt2', 'bert'] as const)(
  "the statistics of %s's linears are those of PyTorch's hooks",
  (family) => {
    test.each([1, 2, 4])('in batches of %i', (size) =>
      withTiny(family, async (model) => {
        const expected = fixture[family].statistics as unknown as Expected;
        const seen = new Map<string, LinearStatistics>();
        // GPT-2's head is its tied embedding.
        const moduleOf = (name: string) => (name === 'lm_head' ? 'transformer.wte' : name);
        const targets = Object.keys(expected).map(moduleOf);
        const calibration = sequencesOf(fixture[family], size);
        const result = await compressEachBlock(model, noting(seen), {}, targets, { calibration });
        result.dispose();
        for (const [name, { tokens, ...statistics }] of Object.entries(expected)) {
          const found = seen.get(moduleOf(name))!;
          expect(found.tokens).toBe(tokens);
          for (const [statistic, values] of Object.entries(statistics)) {
            if (!values) continue;
            expectAllClose(found.get(statistic as CalibrationStatistic), values, {
              absolute: 1e-3,
              relative: 1e-4,
            });
          }
        }
      }),
    );
  },
);

test('the next block receives the output of the compressed one', () =>
  withTiny('gpt2', async (model) => {
    const targets = model.blockLinears;
    const calibration = sequencesOf(fixture.gpt2, 4);
    const [plain, halved] = [new Map<string, LinearStatistics>(), new Map<string, LinearStatistics>()];
    const unchanged = await compressEachBlock(model, noting(plain), {}, targets, { calibration });
    const changed = await compressEachBlock(model, noting(halved, 0.5), {}, targets, { calibration });
    const first = 'transformer.h.0.mlp.c_proj';
    const second = 'transformer.h.1.mlp.c_proj';
    const squares = (of: Map<string, LinearStatistics>, name: string) => of.get(name)!.get('inputSquareSums');
    expect(squares(halved, first)).toEqual(squares(plain, first));
    expect(squares(halved, second)).not.toEqual(squares(plain, second));
    // Statistics of the compressed model itself.
    const again = new Map<string, LinearStatistics>();
    const afterwards = await compressEachBlock(changed, noting(again), {}, targets, { calibration });
    expectAllClose(
      squares(halved, 'transformer.h.1.attn.c_attn'),
      squares(again, 'transformer.h.1.attn.c_attn'),
      {
        relative: 1e-5,
      },
    );
    for (const each of [unchanged, changed, afterwards]) each.dispose();
  }));

test('an embedding that is only looked up has no statistics', () =>
  withTiny('bert', async (model) => {
    const calibration = sequencesOf(fixture.bert, 3);
    const targets = ['bert.embeddings.word_embeddings'];
    await expect(compressEachBlock(model, noting(new Map()), {}, targets, { calibration })).rejects.toThrow(
      'only looked up and never multiplied',
    );
  }));

test('an abort between two linears leaks no tensor', () =>
  withTiny('gpt2', async (model) => {
    const controller = new AbortController();
    const method = noting(new Map());
    const compress = method.compressCalibrated;
    let compressed = 0;
    const counting: typeof method = {
      ...method,
      compressCalibrated: (...args) => {
        if (++compressed === 3) controller.abort();
        return compress(...args);
      },
    };
    const options = { calibration: sequencesOf(fixture.gpt2, 2), signal: controller.signal };
    await expect(compressEachBlock(model, counting, {}, model.blockLinears, options)).rejects.toThrow(
      /abort/i,
    );
    expect(compressed).toBe(3);
  }));

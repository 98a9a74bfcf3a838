import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { currentGpu } from '../engines/webgpu/device';
import { installNodeGpu } from '../engines/webgpu/node-gpu';
import { loadTokenizer } from '../tokenizer/load-tokenizer';
import { openCheckpoint } from '../checkpoint/open-checkpoint';
import { folderFiles } from '../testing/folder-checkpoint';
import { OTHER_TALE, TALE } from '../testing/tales';
import { drawCalibration } from './texts/calibration-text';
import { figureValue } from '../evaluation/figures';
import { LatheLab } from './lab';
import type { DataSet, EvaluationRequest, Recipe } from './protocol/protocol';

const fixtures = join(import.meta.dirname, '../testing/fixtures');
const request: EvaluationRequest = {
  evaluation: 'perplexity',
  data: OTHER_TALE,
  parameters: { window: 32, stride: 32 },
};
const settings = { text: TALE.name, sequences: 6, length: 16, seed: 1 };
const recipe: Recipe = {
  name: 'half of the weights',
  steps: [{ method: 'wanda', targets: ['Linear'], parameters: { sparsity: 0.5 } }],
  calibration: settings,
};

let lab: LatheLab;

beforeEach(async () => {
  installNodeGpu();
  lab = new LatheLab();
  await lab.openDevice();
});

afterEach(() => lab.endSession());

async function open(name = 'tiny-gpt2') {
  return lab.openCheckpoint(await folderFiles(join(fixtures, name)));
}

describe('a recipe that needs calibration', () => {
  test('reports that it needs a text and which one is missing', async () => {
    await open();
    const { needsCalibration } = await lab.checkRecipe(recipe);
    expect(needsCalibration).toBe(true);
    await expect(lab.compress({ ...recipe, calibration: undefined })).rejects.toThrow(
      'names none; choose one',
    );
    await expect(lab.compress(recipe)).rejects.toThrow('The calibration text tale.txt was not provided');
  });

  test('stores its calibration in the recipe, gives the same weights for the same seed, and survives a device loss', async () => {
    await open();
    await lab.provideText(TALE);
    const info = await lab.compress(recipe);
    expect(info.recipe.calibration).toEqual(settings);
    const again = await lab.compress(recipe);
    const before = await lab.evaluate([info.id, again.id], request);
    expect(before[again.id]).toEqual(before[info.id]);
    const lost = new Promise<string>((resolve) => void lab.onDeviceLost(resolve));
    currentGpu().device.destroy();
    await lost;
    await lab.openDevice();
    expect((await lab.evaluate([info.id], request))[info.id]).toEqual(before[info.id]);
  });

  test('a text is for calibration or for evaluation, never for both', async () => {
    await open();
    await lab.provideText(TALE);
    const info = await lab.compress(recipe);
    await expect(lab.evaluate([info.id], { ...request, data: TALE })).rejects.toThrow(
      /half of the weights was calibrated with tale.txt, which shares a passage with tale.txt/,
    );
    await lab.evaluate([info.id], request);
    await lab.provideText(OTHER_TALE);
    await expect(
      lab.compress({ ...recipe, calibration: { ...settings, text: OTHER_TALE.name } }),
    ).rejects.toThrow('calibrate with a text that is not used for evaluation');
    expect((await lab.evaluate([info.id], request))[info.id].count).toBeGreaterThan(10);
  });

  test('the cost is estimated: bytes from the shapes, seconds by measurement', async () => {
    await open();
    await lab.provideText(TALE);
    const before = await lab.memory();
    const { seconds, bytes } = await lab.calibrationCost(recipe);
    expect(seconds).toBeGreaterThan(0);
    // Hidden states of 6 × 16 tokens of width 24, and the sums of squares of one block: 24 + 24 + 24 + 96 inputs.
    expect(bytes).toBe(4 * (6 * 16 * 24 + 168));
    expect((await lab.memory()).tensors).toBe(before.tensors);
    const plain: Recipe = {
      name: 'plain',
      steps: [{ method: 'low-rank', targets: ['Linear'], parameters: { rank: 2 } }],
    };
    expect(await lab.calibrationCost(plain)).toEqual({ seconds: 0, bytes: 0 });
  });
});

describe('drawing sequences', () => {
  async function draw(model: string, data: DataSet, change: Partial<typeof settings> = {}) {
    const checkpoint = await openCheckpoint(await folderFiles(join(fixtures, model)));
    const tokenizer = loadTokenizer(checkpoint.tokenizerFiles);
    const labels = model === 'tiny-bert' ? ['NEGATIVE', 'POSITIVE'] : undefined;
    const config = {
      task: labels ? 'sequence-classification' : 'causal-lm',
      contextLength: 32,
      vocabularySize: tokenizer.vocabularySize,
      labels,
    } as Parameters<typeof drawCalibration>[2]['config'];
    const { batches } = await drawCalibration(data, { ...settings, ...change }, { tokenizer, config });
    return { batches, tokenizer };
  }

  test('windows of the text, the same for the same seed and different for another', async () => {
    const { batches, tokenizer } = await draw('tiny-gpt2', TALE);
    expect(batches.reduce((sum, { batch }) => sum + batch, 0)).toBe(6);
    for (let row = 0; row < 6; row++) {
      const ids = [...batches[0].ids.subarray(row * 16, (row + 1) * 16)];
      expect(TALE.content).toContain(tokenizer.decode(ids));
    }
    expect((await draw('tiny-gpt2', TALE)).batches).toEqual(batches);
    expect((await draw('tiny-gpt2', TALE, { seed: 2 })).batches).not.toEqual(batches);
  });

  test('for BERT between [CLS] and [SEP]', async () => {
    const { batches, tokenizer } = await draw('tiny-bert', TALE);
    const { cls, sep } = { cls: tokenizer.encode('')[0], sep: tokenizer.encode('')[1] };
    expect([batches[0].ids[0], batches[0].ids[15], batches[0].ids[16]]).toEqual([cls, sep, cls]);
  });

  test('whole examples of a labelled set, with their labels and lengths', async () => {
    const rows = ['a good film\t1', 'a bad , bad film\t0', 'good\t1'];
    const { batches, tokenizer } = await draw('tiny-bert', {
      name: 's.tsv',
      kind: 'labelled',
      content: rows.join('\n'),
    });
    const [batch] = batches;
    expect(batch.batch).toBe(3);
    const seen = Array.from({ length: 3 }, (_, row) => {
      const ids = [...batch.ids.subarray(row * batch.length, row * batch.length + batch.lengths![row])];
      return `${tokenizer.decode(ids, { skipSpecialTokens: true })}\t${batch.labels![row]}`;
    });
    expect(seen.map((line) => line.replace(' ,', ',')).sort()).toEqual(
      rows.map((line) => line.replace(' ,', ',')).sort(),
    );
  });

  test.each([
    [{ length: 33 }, 'use a length of at most 32'],
    [{ length: 32, text: 'short' }, 'too few for a calibration sequence of 32'],
  ])('%j is rejected', async (change, message) => {
    const data = 'text' in change ? { ...TALE, content: 'short' } : TALE;
    await expect(draw('tiny-gpt2', data, change)).rejects.toThrow(message);
  });
});

describe('a sensitivity profile', () => {
  const step = { method: 'round-to-nearest', targets: ['Linear'], parameters: { bits: 4 } };

  test('gives each linear the divergence of a variant that compresses it alone', async () => {
    const { base } = await open();
    // The base's logits stay cached for the next evaluation.
    await lab.evaluate([], request);
    const before = await lab.memory();
    const profile = await lab.profileSensitivity({ step, unit: 'linear', evaluation: request });
    expect((await lab.memory()).tensors).toBe(before.tensors);
    expect(profile.entries).toHaveLength(8);
    const [entry] = profile.entries;
    const alone = await lab.compress({ name: 'alone', steps: [{ ...step, targets: [entry.name] }] });
    const metrics = await lab.evaluate([alone.id], request);
    expect(entry.divergence).toBeCloseTo(figureValue(metrics[alone.id], 'meanKl')!, 8);
    const layer = alone.layers.find(({ name }) => name === entry.name)!;
    expect(entry.bytesSaved).toBe(4 * layer.shape[0] * layer.shape[1] - layer.storedBytes);
    expect(base.layers).toEqual([]);
  });

  test('measures by block, and with a method that needs calibration', async () => {
    await open();
    await lab.provideText(TALE);
    const calibrated = { method: 'wanda', targets: ['Linear'], parameters: { sparsity: 0.5 } };
    const profile = await lab.profileSensitivity({
      step: calibrated,
      unit: 'block',
      calibration: settings,
      evaluation: request,
    });
    expect(profile.entries.map(({ name, modules }) => [name, modules.length])).toEqual([
      ['block 0', 4],
      ['block 1', 4],
    ]);
    for (const { divergence } of profile.entries) expect(divergence).toBeGreaterThan(0);
  });

  test('chooses the targets of a recipe', async () => {
    await open();
    const { entries } = await lab.profileSensitivity({ step, unit: 'linear', evaluation: request });
    const sensitivities = Object.fromEntries(entries.map(({ name, divergence }) => [name, divergence]));
    const half: Recipe = {
      name: 'half',
      steps: [{ ...step, targets: { leastSensitive: 0.5 } }],
      sensitivities,
    };
    const { matches } = await lab.checkRecipe(half);
    const sorted = [...entries]
      .sort((left, right) => left.divergence - right.divergence)
      .map(({ name }) => name);
    expect([...matches[0]].sort()).toEqual(sorted.slice(0, 4).sort());
    expect((await lab.compress(half)).layers).toHaveLength(4);
    await expect(lab.checkRecipe({ ...half, sensitivities: undefined })).rejects.toThrow(
      'measure a sensitivity profile',
    );
    const others = Object.fromEntries(Object.entries(sensitivities).slice(1));
    await expect(lab.checkRecipe({ ...half, sensitivities: others })).rejects.toThrow(
      'they belong to another model',
    );
  });

  test('does not exist for a method of whole models', async () => {
    await open();
    const whole = { method: 'layer-truncation', targets: ['Linear'], parameters: { keep: 'every-other' } };
    await expect(
      lab.profileSensitivity({ step: whole, unit: 'linear', evaluation: request }),
    ).rejects.toThrow('choose a method on matrices');
  });
});

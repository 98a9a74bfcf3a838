import { beforeAll, describe, expect, test } from 'vitest';
import { requireCausal } from '../../model/causal-model';
import { gpuCounters } from '../../engines/webgpu/counters';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import { Decoding } from '../../model/generation/decoding';
import { loadModel } from '../../model/load-model';
import type { Model } from '../../model/model';
import { expectAllClose } from '../../testing/allclose';
import calibration from '../../testing/fixtures/calibration.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { DenseWeight } from '../../weights/formats/dense-weight';
import type { LinearWeight } from '../../weights/linear-weight';
import { applyStep } from '../recipe/apply-step';
import type { CalibrationSequences } from '../calibration/calibration';
import { METHODS } from '../methods';

beforeAll(() => openNodeGpu());

/** Methods that scale a linear's inputs, the resulting formats, and the effect of rounded activations on logits. */
const CASES = [
  ['smoothquant', {}, ['w8a8'], 0.05],
  ['awq', { groupSize: 8 }, ['scaled', 'quantized'], 1e-5],
] as const;

const STEPS = 6;

function sequencesFor(family: 'gpt2' | 'bert'): CalibrationSequences {
  const { ids } = calibration[family];
  const lengths = family === 'bert' ? calibration.bert.lengths : undefined;
  const batch = { ids: Int32Array.from(ids.flat()), batch: ids.length, length: ids[0].length, lengths };
  return { text: 'a text', batches: [batch] };
}

async function withVariant(
  family: 'gpt2' | 'bert',
  id: string,
  json: unknown,
  check: (variant: Model, base: Model) => Promise<void>,
): Promise<void> {
  const base = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
  try {
    const method = METHODS.find((candidate) => candidate.id === id)!;
    const step = { method, parameters: method.schema.parse(json) };
    const variant = await applyStep(base, step, base.blockLinears, { calibration: sequencesFor(family) });
    try {
      await check(variant, base);
    } finally {
      variant.dispose();
    }
  } finally {
    base.dispose();
  }
}

/** The most likely next token, by a pass over the whole sequence. */
async function nextOf(model: Model, ids: readonly number[]): Promise<number> {
  const logits = model.logits({ ids: Int32Array.from(ids), batch: 1, length: ids.length });
  const values = (await readFloats(logits)).slice(-model.config.vocabularySize);
  logits.dispose();
  return values.reduce((best, value, id) => (value > values[best] ? id : best), 0);
}

describe.each(CASES)('%s', (id, json, forms, tolerance) => {
  test('GPT-2 decodes token by token the result of a whole pass, replayed', () =>
    withVariant('gpt2', id, json, async (variant) => {
      for (const name of variant.blockLinears)
        expect(forms).toContain(variant.linears.get(name)!.format as (typeof forms)[number]);
      const prompt = calibration.gpt2.ids[0].slice(0, 4);
      const decoding = new Decoding(requireCausal(variant), prompt.length, {
        temperature: 0,
        maxNewTokens: STEPS,
      });
      decoding.submitPrompt(Int32Array.from(prompt));
      const drawn = [await decoding.read()];
      while (drawn.length < STEPS) {
        const before = gpuCounters().submissions;
        decoding.submitStep();
        drawn.push(await decoding.read());
        // From the second step on.
        if (drawn.length > 2) expect(gpuCounters().submissions - before).toBe(1);
      }
      decoding.dispose();
      for (const [step, token] of drawn.entries())
        expect(await nextOf(variant, [...prompt, ...drawn.slice(0, step)])).toBe(token);
    }));

  test("BERT's logits are those of its dense values", () =>
    withVariant('bert', id, json, async (variant, base) => {
      const dense = new Map<string, LinearWeight>();
      for (const name of base.blockLinears) {
        const weight = variant.linears.get(name)!;
        dense.set(name, DenseWeight.fromValues(await weight.dense(), weight.shape));
      }
      const reference = base.withLinears(dense);
      const ids = Int32Array.from(calibration.bert.ids[0]);
      const [got, expected] = [variant, reference].map((model) =>
        model.logits({ ids, batch: 1, length: ids.length }),
      );
      const [values, exact] = [await readFloats(got), await readFloats(expected)];
      got.dispose();
      expected.dispose();
      reference.dispose();
      expectAllClose(values, exact, { absolute: tolerance });
    }));
});

test('values behind scales are pruned in place, and scales stay', () =>
  withVariant('gpt2', 'awq', { groupSize: 8 }, async (variant) => {
    const isScaled = ([, weight]: [string, LinearWeight]) => weight.format === 'scaled';
    const [name] = [...variant.linears].find(isScaled)!;
    const method = METHODS.find(({ id }) => id === 'magnitude-pruning')!;
    const pruned = await applyStep(
      variant,
      { method, parameters: method.schema.parse({ sparsity: 0.5 }) },
      [name],
      {},
    );
    const weight = pruned.linears.get(name)!;
    expect(weight.format).toBe('scaled');
    expect(weight.factors!.map((factor) => factor.weight.format)).toEqual(['sparse']);
    const inner = await variant.linears.get(name)!.factors![0].weight.dense();
    expect(weight.parameters).toBeLessThanOrEqual(Math.round(inner.length / 2));
    pruned.dispose();
  }));

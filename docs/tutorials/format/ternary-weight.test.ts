import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../../src/engines/webgpu/node-gpu';
import { readFloats, writeElements } from '../../../src/engines/webgpu/transfer';
import type { Model } from '../../../src/model/model';
import { formatChecks } from '../../../src/self-test/format-checks';
import { runKernelCheck } from '../../../src/self-test/kernel-check';
import { expectAllClose, seededNormal } from '../../../src/testing/allclose';
import { storedContent } from '../../../src/testing/stored-content';
import { withTiny } from '../../../src/testing/tiny-recipes';
import { TRAINABLE_FORMATS, trainableMatrix } from '../../../src/train/trainable-formats';
import { WEIGHT_FORMATS, loadWeight } from '../../../src/weights/formats';
import { DenseWeight } from '../../../src/weights/formats/dense-weight';
import type { LinearWeight } from '../../../src/weights/linear-weight';
import { ternarize } from '../method/ternary-weights';
import { packSigns, TernaryWeight, ternaryFormat, trainableTernary, unpackSigns } from './ternary-weight';

beforeAll(() => openNodeGpu());

// A row of a word and a digit more.
const SHAPE = [5, 21] as const;
const made = () => TernaryWeight.fromSigns(ternarize(seededNormal(105, 1), SHAPE, 0.7), SHAPE);

test('twenty signs a word, by hand', () => {
  const signs = Int8Array.of(1, -1, 0, 1, ...new Int8Array(16), -1, 1);
  // Digits 2, 0, 1, 2 and sixteen ones; then 0 and 2 in a word of their own.
  const ones = (3 ** 20 - 3 ** 4) / 2;
  expect([...packSigns(signs, [1, 22])]).toEqual([2 + 0 * 3 + 1 * 9 + 2 * 27 + ones, 0 + 2 * 3]);
  expect(unpackSigns(packSigns(signs, [1, 22]), [1, 22])).toEqual(signs);
});

test.each(formatChecks(ternaryFormat))('$name agrees with float64', async (check) => {
  expect(await runKernelCheck(check)).toMatchObject({ passed: true });
});

test('a model of ternary weights computes what one of the same dense values does', () =>
  withTiny('tiny-gpt2', async (base) => {
    const ternary = new Map<string, LinearWeight>();
    const dense = new Map<string, LinearWeight>();
    for (const module of base.blockLinears) {
      const { shape } = base.linears.get(module)!;
      const values = await base.linears.get(module)!.dense();
      const weight = TernaryWeight.fromSigns(ternarize(values, shape, 0.7), shape);
      ternary.set(module, weight);
      dense.set(module, DenseWeight.fromValues(await weight.dense(), shape));
    }
    expectAllClose(await logitsOf(base.withLinears(ternary)), await logitsOf(base.withLinears(dense)), {
      absolute: 1e-4,
    });
  }));

async function logitsOf(model: Model): Promise<Float32Array> {
  const logits = model.logits({ ids: Int32Array.of(7, 8, 9, 10, 11), batch: 1, length: 5 });
  const values = await readFloats(logits);
  logits.dispose();
  model.dispose();
  return values;
}

test('what is stored takes 1.6 bits a weight and a scale a row, and loads again', async () => {
  const weight = made();
  expect(weight.storedBytes).toBe(5 * 2 * 4 + 5 * 4);
  const tensors = new Map(weight.stored().map((tensor) => [tensor.suffix, tensor]));
  const same = await loadWeight(
    'ternary',
    SHAPE,
    weight.attributes(),
    async (suffix) => ({ ...tensors.get(suffix)!, bytes: await tensors.get(suffix)!.read() }),
    [...WEIGHT_FORMATS, ternaryFormat],
  );
  expect(await storedContent(same)).toEqual(await storedContent(weight));
  weight.dispose();
  same.dispose();
});

test('its scales train, and its signs stay', async () => {
  const weight = made();
  const values = await weight.dense();
  const formats = [...TRAINABLE_FORMATS, trainableTernary];
  const matrix = await trainableMatrix(weight, 'module', undefined, formats);
  const [{ name, tensor }] = matrix.parameters;
  writeElements(tensor, 0, Float32Array.of(1, 2, 3, 4, 5));
  const trained = await matrix.toWeight();
  expect([name, tensor.shape, trained.format]).toEqual(['module.scales', [5], 'ternary']);
  expectAllClose(
    await trained.dense(),
    values.map((value, index) => value * (1 + Math.floor(index / 21))),
  );
  for (const owned of [weight, matrix, trained]) owned.dispose();
});

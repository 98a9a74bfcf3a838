import { beforeAll, expect, test } from 'vitest';
import { describeMethods } from '../../../src/compression/method-descriptions';
import { METHOD_GROUPS, METHODS } from '../../../src/compression/methods';
import { applyRecipe } from '../../../src/compression/recipe/apply-recipe';
import { checkRecipe } from '../../../src/compression/recipe/recipe';
import { openNodeGpu } from '../../../src/engines/webgpu/node-gpu';
import { seededNormal } from '../../../src/testing/allclose';
import { withTiny } from '../../../src/testing/tiny-recipes';
import { ternarize, ternaryWeights } from './ternary-weights';

beforeAll(() => openNodeGpu());

const methods = [...METHODS, ternaryWeights];

test('rows by hand, one of zeros among them', () => {
  // Mean magnitude 2, threshold 1.4: the 2, the −1.5 and the 4.5 stay, of mean 8/3.
  const values = Float32Array.of(2, -1.5, 4.5, 0, 0, 0, 0, 0);
  const { signs, scales } = ternarize(values, [2, 4], 0.7);
  expect([...signs]).toEqual([1, -1, 1, 0, 0, 0, 0, 0]);
  expect([...scales]).toEqual([Math.fround(8 / 3), 1]);
});

test('the error of normal weights is that of the integral', () => {
  const [rows, width] = [64, 1024];
  const values = seededNormal(rows * width, 1);
  const { signs, scales } = ternarize(values, [rows, width], 0.7);
  let lost = 0;
  for (const [index, value] of values.entries())
    lost += (value - signs[index] * scales[Math.floor(index / width)]) ** 2;
  // 1 − 4φ(Δ)² / 2(1 − Φ(Δ)) at Δ = 0.7·√(2/π), of the standard normal distribution.
  expect(lost / values.length).toBeCloseTo(0.1917, 2);
});

test('a recipe takes the method, and its report has what was lost', () =>
  withTiny('tiny-gpt2', async (base) => {
    const steps = [{ method: 'ternary-weights', targets: ['Linear'] }];
    const recipe = checkRecipe({ name: 'ternary', steps }, methods);
    const { model, layers } = await applyRecipe(base, recipe);
    for (const { name, form, relativeError } of layers) {
      const values = await base.linears.get(name)!.dense();
      const { signs, scales } = ternarize(values, base.linears.get(name)!.shape, 0.7);
      const width = values.length / scales.length;
      const lost = values.map((value, index) => value - signs[index] * scales[Math.floor(index / width)]);
      expect(form).toBe('quantized');
      expect(relativeError).toBeCloseTo(Math.hypot(...lost) / Math.hypot(...values), 5);
    }
    expect(layers).toHaveLength(base.blockLinears.length);
    model.dispose();
  }));

test('what is sparse stays sparse', () =>
  withTiny('tiny-gpt2', async (base) => {
    const targets = ['transformer.h.0.mlp.c_fc'];
    const pruned = { method: 'magnitude-pruning', targets, parameters: { pattern: '2:4' } };
    const recipe = checkRecipe(
      { name: 'both', steps: [pruned, { method: 'ternary-weights', targets }] },
      methods,
    );
    const { model, layers } = await applyRecipe(base, recipe);
    expect(layers.map(({ form }) => form)).toEqual(['n-of-m']);
    const magnitudes = new Set(
      (await model.linears.get(targets[0])!.dense()).subarray(0, layers[0].shape[1]).map(Math.abs),
    );
    expect(magnitudes.size).toBe(2);
    model.dispose();
  }));

test('form and check follow from the declaration', () => {
  const groups = [...METHOD_GROUPS, { title: 'Tutorial', methods: [ternaryWeights] }];
  const described = describeMethods(groups).find(({ id }) => id === 'ternary-weights');
  expect(described).toMatchObject({
    group: 'Tutorial',
    parameters: { factor: { kind: 'number', min: 0, max: 3, step: 0.05, default: 0.7 } },
    calibrates: false,
    trains: false,
  });
  const step = { method: 'ternary-weights', targets: ['Linear'], parameters: { factor: 4 } };
  expect(() => checkRecipe({ name: 'too far', steps: [step] }, methods)).toThrow(
    'Step 1 (ternary-weights): "parameters", at factor,',
  );
});

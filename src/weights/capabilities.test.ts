import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats } from '../engines/webgpu/transfer';
import { seededNormal } from '../testing/allclose';
import { storedContent } from '../testing/stored-content';
import { isSparse, type LinearWeight, type SparseStorage } from './linear-weight';
import { chooseGrid } from './quantization';
import { quantizeWeight, weightOnGrid } from './quantize-weight';
import { WEIGHT_FORMATS } from './formats';

beforeAll(() => openNodeGpu());

const SHAPE = [16, 24] as const;
const VALUES = seededNormal(SHAPE[0] * SHAPE[1], 3);
const INT4 = { bits: 4, strategy: 'group', groupSize: 8, symmetric: true } as const;
/** Half a step of the coarsest scale, the maximum rounding error. */
const HALF_STEP = Math.max(...VALUES.map(Math.abs)) / 14 + 1e-6;

const SAMPLES = WEIGHT_FORMATS.flatMap(({ id, samples }) =>
  Object.entries(samples).map(([name, make]) => [`${id}: ${name}`, () => make(VALUES, SHAPE)] as const),
);

const PRODUCTS = ['low-rank', 'kronecker', 'tensor-train', 'tensor-train-rows'];

async function withSample(
  make: () => LinearWeight | Promise<LinearWeight>,
  check: (weight: LinearWeight) => Promise<unknown>,
): Promise<void> {
  const weight = await make();
  await check(weight);
  weight.dispose();
}

describe.each(SAMPLES)('%s', (_, make) => {
  test('values on the GPU are those of the matrix', () =>
    withSample(make, async (weight) => {
      const { denseValues } = weight;
      expect(denseValues !== undefined).toBe(weight.format === 'dense');
      if (denseValues) expect(await readFloats(denseValues)).toEqual(await weight.dense());
    }));

  test('what is coded without loss is the same matrix', () =>
    withSample(make, async (weight) => {
      const isCoded = weight.format === 'entropy-coded';
      expect(await weight.uncoded?.dense()).toEqual(isCoded ? await weight.dense() : undefined);
    }));

  test('a product stores its factors and nothing else', () =>
    withSample(make, async (weight) => {
      expect(weight.isProduct ?? false).toBe(PRODUCTS.includes(weight.format));
      const ofFactors = weight.factors?.reduce((sum, factor) => sum + factor.weight.storedBytes, 0);
      expect(weight.storedBytes).toBe(weight.isProduct ? ofFactors : weight.storedBytes);
    }));

  test('codes of it, rounded to nearest or on a grid, keep its zeros', () =>
    withSample(make, async (weight) => {
      const values = await weight.dense();
      const places = isSparse(weight) ? await weight.storedPlaces() : values.map(() => 1);
      const rounded = await quantizeWeight(weight, values, INT4);
      const grid = chooseGrid(values, SHAPE, INT4);
      const onGrid = await weightOnGrid(weight, values, grid);
      for (const codes of [rounded, onGrid]) {
        expect(codes.format).toBe(isSparse(weight) ? weight.format : 'quantized');
        expect(codes.storedBytes).toBeLessThan(values.length * 4);
        const found = await codes.dense();
        found.forEach((value, place) => {
          if (!places[place]) expect(value).toBe(0);
          expect(Math.abs(value - values[place])).toBeLessThanOrEqual(HALF_STEP);
        });
        codes.dispose();
      }
    }));
});

const SPARSE = SAMPLES.filter(([name]) => /sparse|n-of-m/.test(name));

async function withSparse(
  make: () => LinearWeight | Promise<LinearWeight>,
  check: (weight: SparseStorage) => Promise<unknown>,
): Promise<void> {
  await withSample(make, async (weight) => {
    if (!isSparse(weight)) throw new Error(`${weight.format} has no pattern`);
    await check(weight);
  });
}

describe.each(SPARSE)('%s', (_, make) => {
  test('its places are as many as its values, and hold every nonzero', () =>
    withSparse(make, async (weight) => {
      const places = await weight.storedPlaces();
      expect(places.reduce((sum, each) => sum + each, 0)).toBe(weight.parameters);
      (await weight.dense()).forEach((value, place) => {
        if (value !== 0) expect(places[place]).toBe(1);
      });
    }));

  test('its pattern stores the same values at its places as the same bytes, zeros among them', () =>
    withSparse(make, async (weight) => {
      const places = await weight.storedPlaces();
      const again = weight.pattern.store(await weight.dense(), places, SHAPE);
      expect(await storedContent(again)).toEqual(await storedContent(weight));
      const zeros = weight.pattern.store(new Float32Array(places.length), places, SHAPE);
      expect(zeros.storedBytes).toBe(weight.storedBytes);
      again.dispose();
      zeros.dispose();
    }));

  test('it says whether it stores codes', () =>
    withSparse(make, async (weight) => {
      expect(weight.storesCodes).toBe(false);
      const codes = await weight.quantizeStored(INT4);
      expect(isSparse(codes) && codes.storesCodes).toBe(true);
      codes.dispose();
    }));
});

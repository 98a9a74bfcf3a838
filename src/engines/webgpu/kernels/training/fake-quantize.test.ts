import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { type CodeRange, fakeQuantize, type QuantizationNoise } from './fake-quantize';

const INT8: CodeRange = { symmetric: true, least: -127, greatest: 127, span: 254 };
const INT4: CodeRange = { symmetric: true, least: -8, greatest: 7, span: 14 };
const WHOLE: CodeRange = { symmetric: true, least: -8, greatest: 7, span: 15 };
const UINT3: CodeRange = { symmetric: false, least: 0, greatest: 7, span: 7 };

/** Definition of Jacob et al. 2018, section 2.1, in float64. No test value lies halfway between two codes. */
function reference(values: Float32Array, runLength: number, codes: CodeRange): Float64Array {
  const quantized = new Float64Array(values.length);
  for (let start = 0; start < values.length; start += runLength) {
    const run = values.subarray(start, start + runLength);
    const [least, greatest] = [Math.min(0, ...run), Math.max(0, ...run)];
    const width = codes.symmetric ? 2 * Math.max(greatest, -least) : greatest - least;
    const scale = width / codes.span || 1;
    const zeroPoint = codes.symmetric ? 0 : Math.round(-least / scale);
    run.forEach((value, place) => {
      const code = Math.min(codes.greatest, Math.max(codes.least, Math.round(value / scale) + zeroPoint));
      quantized[start + place] = scale * (code - zeroPoint);
    });
  }
  return quantized;
}

/**
 * Seeded values whose greatest magnitude in each group is positive; a negative one would lie halfway between codes of the
 * whole range.
 */
function positivePeaks(count: number, runLength: number): Float32Array {
  const values = seededNormal(count, 7);
  for (let start = 0; start < count; start += runLength) {
    const run = values.subarray(start, start + runLength);
    if (Math.max(...run) < -Math.min(...run)) run.set(run.map((value) => -value));
  }
  return values;
}

async function quantized(
  values: Float32Array,
  columns: number,
  ...parameters: [number, CodeRange, QuantizationNoise?]
): Promise<Float32Array> {
  const x = uploadTensor(values, [values.length / columns, columns]);
  const y = fakeQuantize(x, ...parameters);
  const found = await readFloats(y);
  tf.dispose([x, y]);
  return found;
}

describeOnEachDevice(() => {
  test.each([
    ['int8, a scale a row', 36, INT8],
    ['int4, a scale a group', 12, INT4],
    ['int4 over the whole range', 12, WHOLE],
    ['unsigned 3 bits, a scale a group', 6, UINT3],
    ['int8, one scale', 36 * 300, INT8],
  ])('%s', async (_, runLength, codes) => {
    const values = positivePeaks(36 * 300, runLength);
    expectAllClose(await quantized(values, 36, runLength, codes), reference(values, runLength, codes), {
      absolute: 1e-6,
      relative: 1e-6,
    });
  });

  test('a run of zeros stays one', async () => {
    expect([...(await quantized(new Float32Array(8), 4, 4, UINT3))]).toEqual(Array(8).fill(0));
  });

  const noise = { share: 0.3, blockColumns: 8, seed: 5, step: 11 };

  test('of a share, whole blocks are quantized and the rest passes', async () => {
    const [rows, columns] = [200, 100];
    const values = seededNormal(rows * columns, 7);
    const found = await quantized(values, columns, columns, INT4, noise);
    const every = reference(values, columns, INT4);
    let [drawn, blocks] = [0, 0];
    for (let row = 0; row < rows; row++) {
      for (let first = 0; first < columns; first += noise.blockColumns, blocks++) {
        const places = Array.from(
          { length: Math.min(noise.blockColumns, columns - first) },
          (_, column) => row * columns + first + column,
        );
        const isDrawn = places.some((place) => found[place] !== values[place]);
        drawn += Number(isDrawn);
        for (const place of places)
          expect(Math.abs(found[place] - (isDrawn ? every[place] : values[place]))).toBeLessThan(1e-6);
      }
    }
    // For 2,600 blocks, the share deviates by less than 4 standard deviations, 0.036.
    expect(blocks).toBe(2600);
    expect(Math.abs(drawn / blocks - noise.share)).toBeLessThan(0.036);
  });

  test('the same seed and step draw the same blocks, others others', async () => {
    const values = seededNormal(64 * 64, 7);
    const drawn = async (changed: Partial<QuantizationNoise>) => {
      const found = await quantized(values, 64, 64, INT4, { ...noise, ...changed });
      return found.map((value, index) => Number(value === values[index])).join('');
    };
    const first = await drawn({});
    expect(await drawn({})).toBe(first);
    expect(await drawn({ step: 12 })).not.toBe(first);
    expect(await drawn({ seed: 6 })).not.toBe(first);
  });

  test('a share of 0 quantizes nothing, of 1 everything', async () => {
    const values = seededNormal(64, 7);
    expect(await quantized(values, 16, 16, INT4, { ...noise, share: 0 })).toEqual(values);
    const every = await quantized(values, 16, 16, INT4, { ...noise, share: 1 });
    expect(every).toEqual(await quantized(values, 16, 16, INT4));
  });
});

import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { readFloats, readTensorBytes, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { quantizeTokens, roundTokens } from './quantize-tokens';

/** Tokens of very different magnitudes; with three or more, the last is all zeros. */
function tokensOf(tokens: number, width: number): Float32Array {
  const values = seededNormal(tokens * width, 6).map(
    (value, index) => value * 10 ** (Math.floor(index / width) % 4),
  );
  return tokens > 2 ? values.fill(0, (tokens - 1) * width) : values;
}

/** max |z| / 127 of z = x ⊙ scales for one token, in float64. */
function scaleOf(values: Float32Array, inputScales: Float32Array, token: number): number {
  const width = inputScales.length;
  const scaled = Array.from(inputScales, (scale, column) => Math.abs(values[token * width + column] * scale));
  return Math.max(...scaled) / 127;
}

describeOnEachDevice(() => {
  test.each([
    [1, 1],
    [1, 64],
    [5, 258],
    [7, 37],
    [40, 3],
  ])('%i tokens, %i wide', async (tokens, width) => {
    const [values, factors] = [tokensOf(tokens, width), seededNormal(width, 5).map(Math.exp)];
    const x = uploadTensor(values, [tokens, width]);
    const inputScales = uploadTensor(factors, [width]);
    const quantized = quantizeTokens(x, inputScales);
    const rounded = roundTokens(x, inputScales);
    const codes = new Int8Array(await readTensorBytes(quantized.codes));
    const scales = await readFloats(quantized.scales);
    const stride = 4 * Math.ceil(width / 4);
    expect(codes.length).toBe(tokens * stride);
    for (let token = 0; token < tokens; token++) {
      const scale = scaleOf(values, factors, token);
      expectAllClose([scales[token]], [scale], { absolute: 1e-30, relative: 1e-6 });
      for (let column = 0; column < stride; column++) {
        const code = codes[token * stride + column];
        const isZero = column >= width || scale === 0;
        const exact = isZero ? 0 : (values[token * width + column] * factors[column]) / scale;
        // Nearest code; for near ties, float32 rounding decides.
        expect(Math.abs(code - exact)).toBeLessThanOrEqual(0.5 + 1e-4);
      }
    }
    const decoded = Float32Array.from({ length: tokens * width }, (_, index) => {
      const token = Math.floor(index / width);
      return codes[token * stride + (index % width)] * scales[token];
    });
    expectAllClose(await readFloats(rounded), decoded, { absolute: 0, relative: 1e-6 });
    tf.dispose([x, inputScales, quantized.codes, quantized.scales, rounded]);
  });

  test('halves go to the even one', async () => {
    // The maximum is 127, so the scale is 1.
    const x = uploadTensor(Float32Array.of(127, 0.5, 1.5, 2.5, -0.5, -1.5, -126.5), [1, 7]);
    const inputScales = uploadTensor(new Float32Array(7).fill(1), [7]);
    const { codes, scales } = quantizeTokens(x, inputScales);
    expect([...new Int8Array(await readTensorBytes(codes))]).toEqual([127, 0, 2, 2, 0, -2, -126, 0]);
    tf.dispose([x, inputScales, codes, scales]);
  });
});

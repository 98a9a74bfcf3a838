import * as tf from '@tensorflow/tfjs';
import { test } from 'vitest';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import { describeOnEachProductDevice } from '../../testing/each-device';
import { expectEpilogue } from '../../testing/factorized-weight';
import { referenceMatmul } from '../../testing/reference-matmul';
import type { LinearWeight } from '../linear-weight';
import { NOfMWeight } from './n-of-m-weight';
import type { QuantizationScheme } from '../quantization';
import { QuantizedWeight } from './quantized-weight';
import { SparseWeight } from './sparse-weight';

/** Shape that allows whole reads in every format and all usual group sizes. */
const SHAPE = [29, 256] as const;

const SCHEMES: QuantizationScheme[] = [true, false].flatMap((symmetric) => [
  ...([8, 4] as const).flatMap((bits): QuantizationScheme[] => [
    { bits, symmetric, strategy: 'tensor' },
    { bits, symmetric, strategy: 'channel' },
    ...[16, 32, 128].map((groupSize) => ({ bits, symmetric, strategy: 'group' as const, groupSize })),
  ]),
  ...([3, 2] as const).flatMap((bits): QuantizationScheme[] => [
    { bits, symmetric, strategy: 'channel' },
    { bits, symmetric, strategy: 'group', groupSize: 32 },
  ]),
]);

/** Two of every four columns, each pair in turn. */
const TWO_OF_FOUR = [0b0011, 0b0101, 0b1001, 0b0110, 0b1010, 0b1100];

const values = seededNormal(SHAPE[0] * SHAPE[1], 1);
const twoOfFour = () =>
  values.map((value, index) => ((TWO_OF_FOUR[((index >> 2) * 5) % 6] >> (index & 3)) & 1 ? value : 0));
const aboveMagnitude = (least: number) => values.map((value) => (Math.abs(value) < least ? 0 : value));

const FORMATS: [string, () => LinearWeight | Promise<LinearWeight>][] = [
  ...SCHEMES.map((scheme): (typeof FORMATS)[number] => [
    `codes ${JSON.stringify(scheme)}`,
    () => QuantizedWeight.fromValues(values, SHAPE, scheme),
  ]),
  ['2 of 4', () => NOfMWeight.fromDense(twoOfFour(), SHAPE, 2, 4)],
  ...SCHEMES.filter(({ bits, groupSize }) => bits === 8 && groupSize !== 16).map(
    (scheme): (typeof FORMATS)[number] => [
      `2 of 4, codes ${JSON.stringify(scheme)}`,
      () => quantizedCopy(NOfMWeight.fromDense(twoOfFour(), SHAPE, 2, 4), scheme),
    ],
  ),
  ['sparse by half', () => SparseWeight.fromDense(aboveMagnitude(0.67), SHAPE)],
  ['sparse by nine tenths', () => SparseWeight.fromDense(aboveMagnitude(1.64), SHAPE)],
  [
    // Exceeds the buffers per kernel of some devices once an epilogue adds its own.
    'sparse codes with zero points',
    () =>
      quantizedCopy(SparseWeight.fromDense(aboveMagnitude(0.67), SHAPE), {
        bits: 8,
        symmetric: false,
        strategy: 'channel',
      }),
  ],
];

async function quantizedCopy(
  weight: SparseWeight | NOfMWeight,
  scheme: QuantizationScheme,
): Promise<LinearWeight> {
  const copy = await weight.quantizeStored(scheme);
  weight.dispose();
  return copy;
}

describeOnEachProductDevice(() => {
  test.each(FORMATS)('%s, with bias, activation and residual', async (_, make) => {
    const weight = await make();
    const dense = await weight.dense();
    const tolerance = { absolute: 1e-5 * Math.sqrt(SHAPE[1]), relative: 1e-5 };
    for (const tokens of [1, 3, 17]) {
      // Activations of one sign, so that errors in the codes do not cancel.
      const values = seededNormal(tokens * SHAPE[1], 3).map((value) => Math.abs(value));
      await expectEpilogue(weight, dense, tokens, tolerance, values);
    }
    weight.dispose();
  });
  test.each(FORMATS)('%s, with a layer normalization folded in', async (_, make) => {
    const [outputs, inputs] = SHAPE;
    const weight = await make();
    const dense = await weight.dense();
    const [given, scale, shift] = [5, 6, 7].map((seed) => seededNormal(inputs, seed));
    const applied = (vector: ArrayLike<number>) => referenceMatmul(vector, dense, [1, inputs, outputs]);
    const products = Float32Array.from([...applied(scale), ...applied(shift)]);
    const x = uploadTensor(given, [1, inputs]);
    const norm = {
      scale: uploadTensor(scale, [inputs]),
      shift: uploadTensor(shift, [inputs]),
      epsilon: 1e-5,
      products: uploadTensor(products, [2, outputs]),
    };
    const y = weight.matmulOfNormalized!(x, norm);
    const mean = given.reduce((sum, value) => sum + value, 0) / inputs;
    const variance = given.reduce((sum, value) => sum + (value - mean) ** 2, 0) / inputs;
    const normalized = Array.from(
      given,
      (value, index) => ((value - mean) / Math.sqrt(variance + norm.epsilon)) * scale[index] + shift[index],
    );
    expectAllClose(await readFloats(y), applied(normalized), { absolute: 2e-5 * Math.sqrt(inputs) });
    tf.dispose([x, y, norm.scale, norm.shift, norm.products]);
    weight.dispose();
  });
});

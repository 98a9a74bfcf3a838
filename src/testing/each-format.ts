import { LowRankWeight } from '../weights/formats/low-rank-weight';
import type { MakeSample } from '../weights/linear-weight';
import { PermutedWeight } from '../weights/formats/permuted-weight';
import { QuantizedWeight } from '../weights/formats/quantized-weight';
import { sampleFactor } from '../weights/sample-factor';
import { WEIGHT_FORMATS } from '../weights/formats';
import { seededNormal } from './allclose';

export const INT8 = { bits: 8, strategy: 'channel', symmetric: true } as const;

/** Samples of every compressed format, including formats nested in others. */
export const FORMATS: Readonly<Record<string, MakeSample>> = {
  ...Object.assign({}, ...WEIGHT_FORMATS.filter(({ id }) => id !== 'dense').map(({ samples }) => samples)),
  'permuted low rank': (values, [rows, columns]) =>
    PermutedWeight.fromOrders(
      new LowRankWeight(sampleFactor(values, [rows, 8]), sampleFactor(values, [8, columns], rows * 8)),
      Uint32Array.from({ length: rows }, (_, row) => rows - 1 - row),
      Uint32Array.from({ length: columns }, (_, column) => columns - 1 - column),
    ),
  'low rank of int8 factors': (_, [rows, columns]) =>
    new LowRankWeight(
      QuantizedWeight.fromValues(seededNormal(rows * 8, 1), [rows, 8], INT8),
      QuantizedWeight.fromValues(
        seededNormal(8 * columns, 2).map((value) => value / 20),
        [8, columns],
        INT8,
      ),
    ),
};

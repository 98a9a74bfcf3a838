import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../gpu/node-gpu';
import { readFloats, uploadTensor } from '../gpu/transfer';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { contractTensor } from './tensor-contraction';
import type { Contraction } from './tensor-contraction-plan';

beforeAll(() => openNodeGpu());

/** The definition, in float64, one index at a time. */
function contractInFloat64(factor: Float32Array, x: Float32Array, c: Contraction): Float64Array {
  const y = new Float64Array(c.outputShape.reduce((product, size) => product * size, 1));
  for (let g = 0; g < c.groups; g++) {
    for (let m = 0; m < c.rows; m++) {
      const row = Math.floor(m / c.rowInner) * c.factorRow.outer + (m % c.rowInner) * c.factorRow.inner;
      const yRow = Math.floor(m / c.rowInner) * c.y.row.outer + (m % c.rowInner) * c.y.row.inner;
      for (let n = 0; n < c.columns; n++) {
        let sum = 0;
        for (let outer = 0; outer < c.terms.outer; outer++) {
          for (let inner = 0; inner < c.terms.inner; inner++) {
            const f = row + outer * c.factorTerm.outer + inner * c.factorTerm.inner;
            const v = g * c.x.group + outer * c.x.term.outer + inner * c.x.term.inner + n * c.x.column;
            sum += factor[f] * x[v];
          }
        }
        y[g * c.y.group + yRow + n * c.y.column] = sum;
      }
    }
  }
  return y;
}

interface Sizes {
  readonly groups: number;
  readonly rowOuter: number;
  readonly rowInner: number;
  readonly columns: number;
  readonly outer: number;
  readonly inner: number;
}

/** Every index stands somewhere else than in the kernel's own order: factor [inner, rowInner, outer, rowOuter], x [g, n, inner, outer], y [n, g, m]. */
function permuted({ groups, rowOuter, rowInner, columns, outer, inner }: Sizes): Contraction {
  const rows = rowOuter * rowInner;
  return {
    groups,
    rows,
    columns,
    terms: { outer, inner },
    rowInner,
    factorRow: { outer: 1, inner: outer * rowOuter },
    factorTerm: { outer: rowOuter, inner: rowInner * outer * rowOuter },
    x: { group: columns * inner * outer, term: { outer: 1, inner: outer }, column: inner * outer },
    y: { group: rows, row: { outer: rowInner, inner: 1 }, column: groups * rows },
    outputShape: [columns, groups * rows],
  };
}

describe.each([
  // Below four positions (groups · columns) each result is computed by itself, from there on in tiles.
  ['one token, one column', { groups: 1, rowOuter: 1, rowInner: 7, columns: 1, outer: 1, inner: 5 }],
  ['three positions', { groups: 3, rowOuter: 2, rowInner: 5, columns: 1, outer: 3, inner: 2 }],
  ['four positions', { groups: 2, rowOuter: 1, rowInner: 9, columns: 2, outer: 3, inner: 2 }],
  ['one token, many columns', { groups: 1, rowOuter: 3, rowInner: 2, columns: 13, outer: 2, inner: 3 }],
  ['many tokens, one column', { groups: 331, rowOuter: 17, rowInner: 3, columns: 1, outer: 2, inner: 3 }],
  ['many tokens, odd edges', { groups: 37, rowOuter: 5, rowInner: 7, columns: 15, outer: 3, inner: 4 }],
  ['many tokens, one row', { groups: 173, rowOuter: 1, rowInner: 1, columns: 101, outer: 2, inner: 2 }],
  ['many tokens, two rows', { groups: 91, rowOuter: 2, rowInner: 1, columns: 103, outer: 1, inner: 3 }],
  [
    'more groups than workgroups in a row',
    { groups: 70_001, rowOuter: 1, rowInner: 2, columns: 1, outer: 1, inner: 2 },
  ],
] as [string, Sizes][])('%s', (_, sizes) => {
  test('agrees with the definition in float64', async () => {
    const contraction = permuted(sizes);
    const { groups, rows, columns, terms } = contraction;
    const factor = seededNormal(rows * terms.outer * terms.inner, 1);
    const x = seededNormal(groups * columns * terms.outer * terms.inner, 2);
    const tensors = [uploadTensor(factor, [factor.length]), uploadTensor(x, [x.length])];
    const y = contractTensor(tensors[0], tensors[1], contraction);
    expectAllClose(await readFloats(y), contractInFloat64(factor, x, contraction));
    tf.dispose([y, ...tensors]);
  });
});

test('results past 65,535 workgroups', async () => {
  // 16,896,000 positions in tiles of 4 are 66,000 workgroups of 64.
  const [groups, columns] = [16_500, 1024];
  const factor = uploadTensor(Float32Array.of(2), [1]);
  const values = Float32Array.from({ length: groups * columns }, (_, index) => index % 8191);
  const x = uploadTensor(values, [groups, columns]);
  const y = contractTensor(factor, x, {
    groups,
    rows: 1,
    columns,
    terms: { outer: 1, inner: 1 },
    rowInner: 1,
    factorRow: { outer: 0, inner: 0 },
    factorTerm: { outer: 0, inner: 0 },
    x: { group: columns, term: { outer: 0, inner: 0 }, column: 1 },
    y: { group: columns, row: { outer: 0, inner: 0 }, column: 1 },
    outputShape: [groups, columns],
  });
  const doubled = await readFloats(y);
  let wrong = 0;
  for (let index = 0; index < values.length; index++) if (doubled[index] !== 2 * values[index]) wrong++;
  expect(wrong).toBe(0);
  tf.dispose([factor, x, y]);
});

import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachProductDevice } from '../../../../testing/each-device';
import { contractTensor } from './tensor-contraction';
import type { Contraction } from './tensor-contraction-plan';

/** Definition in float64, index by index. */
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

/**
 * Every index in a different place than in the kernel's own order: factor [inner, rowInner, outer, rowOuter], x [g, n, inner,
 * outer], y [n, g, m].
 */
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

/**
 * Every index in the kernel's own order, so that words of four are read and written if sizes allow: factor [m, k], x [g, k,
 * n], y [g, m, n].
 */
function inOrder({ groups, rowOuter, rowInner, columns, outer, inner }: Sizes): Contraction {
  const [rows, terms] = [rowOuter * rowInner, outer * inner];
  return {
    groups,
    rows,
    columns,
    terms: { outer, inner },
    rowInner,
    factorRow: { outer: rowInner * terms, inner: terms },
    factorTerm: { outer: inner, inner: 1 },
    x: { group: terms * columns, term: { outer: inner * columns, inner: columns }, column: 1 },
    y: { group: rows * columns, row: { outer: rowInner * columns, inner: columns }, column: 1 },
    outputShape: [groups, rows * columns],
  };
}

/** Transposed factor [k, m], and x and y by columns: x [g, n, k], y [g, n, m]. */
function turned({ groups, rowOuter, rowInner, columns, outer, inner }: Sizes): Contraction {
  const [rows, terms] = [rowOuter * rowInner, outer * inner];
  return {
    groups,
    rows,
    columns,
    terms: { outer, inner },
    rowInner,
    factorRow: { outer: rowInner, inner: 1 },
    factorTerm: { outer: inner * rows, inner: rows },
    x: { group: columns * terms, term: { outer: inner, inner: 1 }, column: terms },
    y: { group: columns * rows, row: { outer: rowInner, inner: 1 }, column: rows },
    outputShape: [groups, columns * rows],
  };
}

const CASES: [string, Sizes][] = [
  ['one token, one column', { groups: 1, rowOuter: 1, rowInner: 7, columns: 1, outer: 1, inner: 5 }],
  ['one of everything', { groups: 1, rowOuter: 1, rowInner: 1, columns: 1, outer: 1, inner: 1 }],
  ['three positions', { groups: 3, rowOuter: 2, rowInner: 5, columns: 1, outer: 3, inner: 2 }],
  ['four positions', { groups: 2, rowOuter: 1, rowInner: 9, columns: 2, outer: 3, inner: 2 }],
  ['one token, many columns', { groups: 1, rowOuter: 3, rowInner: 2, columns: 13, outer: 2, inner: 3 }],
  ['many tokens, one column', { groups: 331, rowOuter: 17, rowInner: 3, columns: 1, outer: 2, inner: 3 }],
  ['many tokens, odd edges', { groups: 37, rowOuter: 5, rowInner: 7, columns: 15, outer: 3, inner: 4 }],
  ['many tokens, one row', { groups: 173, rowOuter: 1, rowInner: 1, columns: 101, outer: 2, inner: 2 }],
  ['many tokens, two rows', { groups: 91, rowOuter: 2, rowInner: 1, columns: 103, outer: 1, inner: 3 }],
  ['whole words of four', { groups: 21, rowOuter: 3, rowInner: 8, columns: 8, outer: 2, inner: 8 }],
  ['words of four, few columns', { groups: 67, rowOuter: 1, rowInner: 20, columns: 4, outer: 1, inner: 20 }],
  ['rows that fit no tile', { groups: 50, rowOuter: 1, rowInner: 18, columns: 8, outer: 3, inner: 6 }],
  ['one term', { groups: 40, rowOuter: 1, rowInner: 12, columns: 8, outer: 1, inner: 1 }],
];

describeOnEachProductDevice(() => {
  describe.each([
    ['permuted', permuted],
    ['in order', inOrder],
    ['turned', turned],
  ])('%s', (_layout, contractionOf) => {
    test.each(CASES)('%s: agrees with the definition in float64', async (_, sizes) => {
      const contraction = contractionOf(sizes);
      const { groups, rows, columns, terms, outputShape } = contraction;
      const factor = seededNormal(rows * terms.outer * terms.inner, 1);
      const x = seededNormal(groups * columns * terms.outer * terms.inner, 2);
      const [count, outputs] = outputShape;
      const [bias, residual] = [seededNormal(outputs, 3), seededNormal(count * outputs, 4)];
      const tensors = [factor, x, bias].map((values) => uploadTensor(values, [values.length]));
      const added = uploadTensor(residual, [count, outputs]) as tf.Tensor2D;
      const expected = contractInFloat64(factor, x, contraction);
      const y = contractTensor(tensors[0], tensors[1], contraction, { bias: tensors[2], residual: added });
      expectAllClose(
        await readFloats(y),
        expected.map((value, index) => value + bias[index % outputs] + residual[index]),
      );
      tf.dispose([y, added, ...tensors]);
    });

    test.each(CASES.filter(([name]) => /odd edges|words of four, few/.test(name)))(
      '%s: with nothing after it, and with an activation',
      async (_, sizes) => {
        const contraction = contractionOf(sizes);
        const { groups, rows, columns, terms } = contraction;
        const factor = seededNormal(rows * terms.outer * terms.inner, 1);
        const x = seededNormal(groups * columns * terms.outer * terms.inner, 2);
        const tensors = [factor, x].map((values) => uploadTensor(values, [values.length]));
        const expected = contractInFloat64(factor, x, contraction);
        const plain = contractTensor(tensors[0], tensors[1], contraction);
        const active = contractTensor(tensors[0], tensors[1], contraction, { activation: 'relu' });
        expectAllClose(await readFloats(plain), expected);
        expectAllClose(
          await readFloats(active),
          expected.map((value) => Math.max(value, 0)),
        );
        tf.dispose([plain, active, ...tensors]);
      },
    );
  });

  test('more groups than workgroups in a row', async () => {
    const contraction = permuted({
      groups: 70_001,
      rowOuter: 1,
      rowInner: 2,
      columns: 1,
      outer: 1,
      inner: 2,
    });
    const [factor, x] = [seededNormal(4, 1), seededNormal(140_002, 2)];
    const tensors = [uploadTensor(factor, [4]), uploadTensor(x, [x.length])];
    const y = contractTensor(tensors[0], tensors[1], contraction);
    expectAllClose(await readFloats(y), contractInFloat64(factor, x, contraction));
    tf.dispose([y, ...tensors]);
  });
});

test('results past 65,535 workgroups', async () => {
  await openNodeGpu();
  // 16,896,000 positions in tiles of 4 are 66,000 workgroups of 64, and more in smaller tiles or workgroups.
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

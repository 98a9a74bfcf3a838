import * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { emptyTensor, uploadTensor } from '../../engines/webgpu/transfer';
import { columnSums } from '../../engines/webgpu/kernels/products/column-sums';
import { copyColumns } from '../../engines/webgpu/kernels/layers/copy-columns';
import { rowRange } from '../../engines/webgpu/kernels/layers/copy-rows';
import { denseRows } from '../../engines/webgpu/kernels/products/dense-rows';
import {
  expertColumnTiles,
  expertRowTiles,
  type TokenGroups,
} from '../../engines/webgpu/kernels/products/expert-tiles';
import { transposed } from '../../engines/webgpu/kernels/contraction/swap-dimensions';
import { transposedProduct } from '../../engines/webgpu/kernels/products/transposed-product';

/**
 * Differentiable products of tokens sorted by expert. Padding places of a tile hold arbitrary values with a gradient of 0, so
 * that they have no effect.
 */

/** Sorts rows by group: [tokens, width] → [places, width]. */
export function inOrderOfExperts(x: tf.Tensor2D, { rows, places }: TokenGroups): tf.Tensor2D {
  const [y] = differentiableOp(
    { x },
    () => [rowsOf(x, rows)],
    ([change]) => ({ x: () => rowsOf(change as tf.Tensor2D, places) }),
  );
  return y as tf.Tensor2D;
}

/** Restores the order of the tokens: [places, width] → [tokens, width]. */
export function inOrderOfTokens(x: tf.Tensor2D, { rows, places }: TokenGroups): tf.Tensor2D {
  const [y] = differentiableOp(
    { x },
    () => [rowsOf(x, places)],
    ([change]) => ({
      x: () =>
        tf.tidy(() => {
          const isUsed = new Float32Array(rows.length);
          for (const place of places) isUsed[place] = 1;
          return tf.mul(rowsOf(change as tf.Tensor2D, rows), tf.tensor2d(isUsed, [rows.length, 1]));
        }),
    }),
  );
  return y as tf.Tensor2D;
}

/**
 * x Wₑᵀ + bₑ: [places, in] → [places, size].
 * @param matrix [experts · size, in]; @param bias [experts · size]
 */
export function affineOfExpertRows(
  x: tf.Tensor2D,
  matrix: tf.Tensor2D,
  bias: tf.Tensor,
  groups: TokenGroups,
): tf.Tensor2D {
  const size = matrix.shape[0] / groups.spans.length;
  const [y] = differentiableOp(
    { x, matrix, bias },
    (save) => {
      const tiles = tilesOf(groups);
      save([x, matrix, tiles]);
      return [expertRowTiles(x, matrix, tiles, size, { bias })];
    },
    ([change], [x, matrix, tiles]) => ({
      x: () =>
        tf.tidy(() =>
          expertColumnTiles(change as tf.Tensor2D, transposed(matrix as tf.Tensor2D), tiles as tf.Tensor1D),
        ),
      matrix: () =>
        stackByExpert(groups, size, x.shape[1]!, [change, x], ([dy, input]) => transposedProduct(dy, input)),
      bias: () =>
        tf.tidy(() =>
          stackByExpert(groups, 1, size, [change], ([dy]) =>
            tf.reshape(columnSums(dy, 'sums'), [1, size]),
          ).reshape([groups.spans.length * size]),
        ),
    }),
  );
  return y as tf.Tensor2D;
}

/**
 * x Vₑᵀ + c: [places, size] → [places, out].
 * @param matrix [out, experts · size]: V; @param bias [out]
 */
export function affineOfExpertColumns(
  x: tf.Tensor2D,
  matrix: tf.Tensor2D,
  bias: tf.Tensor,
  groups: TokenGroups,
): tf.Tensor2D {
  const size = x.shape[1];
  const [y] = differentiableOp(
    { x, matrix, bias },
    (save) => {
      const tiles = tilesOf(groups);
      save([x, matrix, tiles]);
      return [expertColumnTiles(x, matrix, tiles, bias)];
    },
    ([change], [x, matrix, tiles]) => ({
      x: () =>
        tf.tidy(() =>
          expertRowTiles(
            change as tf.Tensor2D,
            transposed(matrix as tf.Tensor2D),
            tiles as tf.Tensor1D,
            size,
          ),
        ),
      matrix: () =>
        tf.tidy(() =>
          transposed(
            stackByExpert(groups, size, matrix.shape[0], [x, change], ([input, dy]) =>
              transposedProduct(input, dy),
            ),
          ),
        ),
      bias: () => columnSums(change as tf.Tensor2D, 'sums'),
    }),
  );
  return y as tf.Tensor2D;
}

/**
 * Results for each expert's places, stacked: [experts · rows, columns]; zeros for an expert without places.
 * @param sources [places, …] each
 */
function stackByExpert(
  { spans }: TokenGroups,
  rows: number,
  columns: number,
  sources: readonly tf.Tensor[],
  compute: (inputs: tf.Tensor2D[]) => tf.Tensor2D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const stacked = emptyTensor([spans.length * rows, columns]) as tf.Tensor2D;
    for (const [expert, { first, count }] of spans.entries()) {
      const result =
        count === 0
          ? (tf.zeros([rows, columns]) as tf.Tensor2D)
          : compute(sources.map((source) => rowRange(source as tf.Tensor2D, first, count)));
      copyColumns(result, 0, stacked, expert * rows);
    }
    return stacked;
  });
}

function rowsOf(x: tf.Tensor2D, rows: Int32Array): tf.Tensor2D {
  return tf.tidy(() => {
    const ids = uploadTensor(rows, [rows.length]) as tf.Tensor1D;
    return denseRows(ids, [{ values: x, firstRow: 0, rows: x.shape[0] }], x.shape[1]);
  });
}

function tilesOf({ expertOfTile }: TokenGroups): tf.Tensor1D {
  return uploadTensor(expertOfTile, [expertOfTile.length]) as tf.Tensor1D;
}

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
 * Products of tokens in the order of their experts, as ops that tfjs's tape knows the derivatives of. Places that only fill a tile up
 * hold some row's values; their gradient is 0, so that they count nowhere.
 */

/** Rows in the order of the groups: [tokens, width] → [places, width]. */
export function inOrderOfExperts(x: tf.Tensor2D, { rows, places }: TokenGroups): tf.Tensor2D {
  const [y] = differentiableOp(
    { x },
    () => [rowsOf(x, rows)],
    ([change]) => ({ x: () => rowsOf(change as tf.Tensor2D, places) }),
  );
  return y as tf.Tensor2D;
}

/** Rows in the order of the tokens again: [places, width] → [tokens, width]. */
export function inOrderOfTokens(x: tf.Tensor2D, { rows, places }: TokenGroups): tf.Tensor2D {
  const [y] = differentiableOp(
    { x },
    () => [rowsOf(x, places)],
    ([change]) => ({
      x: () =>
        tf.tidy(() => {
          const taken = new Float32Array(rows.length);
          for (const place of places) taken[place] = 1;
          return tf.mul(rowsOf(change as tf.Tensor2D, rows), tf.tensor2d(taken, [rows.length, 1]));
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
        ofEachExpert(groups, size, x.shape[1]!, [change, x], ([dy, given]) => transposedProduct(dy, given)),
      bias: () =>
        tf.tidy(() =>
          ofEachExpert(groups, 1, size, [change], ([dy]) =>
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
            ofEachExpert(groups, size, matrix.shape[0], [x, change], ([given, dy]) =>
              transposedProduct(given, dy),
            ),
          ),
        ),
      bias: () => columnSums(change as tf.Tensor2D, 'sums'),
    }),
  );
  return y as tf.Tensor2D;
}

/**
 * What each expert's places give, one under the other: [experts · rows, columns]; zeros where an expert has no place.
 * @param sources [places, …] each
 */
function ofEachExpert(
  { spans }: TokenGroups,
  rows: number,
  columns: number,
  sources: readonly tf.Tensor[],
  give: (ofExpert: tf.Tensor2D[]) => tf.Tensor2D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const stacked = emptyTensor([spans.length * rows, columns]) as tf.Tensor2D;
    for (const [expert, { first, count }] of spans.entries()) {
      const given =
        count === 0
          ? (tf.zeros([rows, columns]) as tf.Tensor2D)
          : give(sources.map((source) => rowRange(source as tf.Tensor2D, first, count)));
      copyColumns(given, 0, stacked, expert * rows);
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

import type * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { uploadTensor } from '../../engines/webgpu/transfer';
import { denseRows } from '../../engines/webgpu/kernels/products/dense-rows';
import { embeddingSum } from '../../engines/webgpu/kernels/layers/embedding-sum';
import { positionSums } from '../../engines/webgpu/kernels/training/position-sums';
import { sumRowsById } from '../../engines/webgpu/kernels/layers/rows-by-id';

/** Rows of a matrix, [rows, width] → [ids, width]. @throws Error if an id is out of range */
export function lookUpRows(matrix: tf.Tensor2D, ids: Int32Array): tf.Tensor2D {
  const [rows, width] = matrix.shape;
  const outside = ids.find((id) => id < 0 || id >= rows);
  if (outside !== undefined) throw new Error(`Row ${outside} is out of range; the matrix has ${rows} rows.`);
  const [y] = differentiableOp(
    { matrix },
    () => {
      const indices = uploadTensor(ids, [ids.length]);
      return [denseRows(indices, [{ values: matrix, firstRow: 0, rows }], width)];
    },
    ([change]) => ({ matrix: () => sumRowsById(change as tf.Tensor2D, ids, rows) }),
  );
  return y as tf.Tensor2D;
}

/**
 * Adds the position embeddings 0 … length − 1 to each sequence of a batch.
 * @param tokens [batch·length, width]
 * @param positions [contextLength, width]
 */
export function addPositions(tokens: tf.Tensor2D, positions: tf.Tensor, length: number): tf.Tensor2D {
  const [y] = differentiableOp(
    { tokens, positions },
    () => [embeddingSum(tokens, positions, { length })],
    ([change]) => ({
      tokens: () => change.clone(),
      positions: () => positionSums(change as tf.Tensor2D, length, positions.shape[0]),
    }),
  );
  return y as tf.Tensor2D;
}

import * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { uploadTensor } from '../../engines/webgpu/transfer';
import {
  type MatrixSources,
  rearrangeMatrix,
} from '../../engines/webgpu/kernels/contraction/rearrange-matrix';
import { sumRowsById } from '../../engines/webgpu/kernels/layers/rows-by-id';
import { DenseWeight } from '../../weights/formats/dense-weight';
import type { LinearWeight } from '../../weights/linear-weight';
import type { TrainableFormat } from '../trainable-format';
import { FactorizedMatrix } from './factorized-matrix';

/** Trains the codebook; the assignment of blocks to entries stays. */
export const productQuantizedFormat: TrainableFormat = {
  id: 'product-quantized',
  async of(weight, name, trainFactor) {
    const [rows, columns] = weight.shape;
    const assignments = await assignmentsOf(weight);
    const sources = upload(assignments, weight.factors![0].weight.shape[1]);
    return FactorizedMatrix.of(
      weight,
      name,
      trainFactor,
      ([codebook]) => tf.reshape(entriesOf(codebook, assignments, sources), [rows, columns]),
      [sources.rows, sources.columns],
    );
  },
};

/** Entry of each block, read from the weight with a codebook whose entries hold their own index. */
async function assignmentsOf(weight: LinearWeight): Promise<Int32Array> {
  const [entries, blockSize] = weight.factors![0].weight.shape;
  const numbers = Float32Array.from({ length: entries * blockSize }, (_, index) =>
    Math.floor(index / blockSize),
  );
  const numbered = await weight.withFactors!([DenseWeight.fromValues(numbers, [entries, blockSize])]);
  try {
    const dense = await numbered.dense();
    return Int32Array.from({ length: dense.length / blockSize }, (_, block) => dense[block * blockSize]);
  } finally {
    numbered.dispose();
  }
}

function upload(assignments: Int32Array, blockSize: number): MatrixSources {
  const columns = Int32Array.from({ length: blockSize }, (_, column) => column);
  return {
    rows: uploadTensor(assignments, [assignments.length]),
    columns: uploadTensor(columns, [blockSize]),
  };
}

/** Entry of each block, [blocks, block size]; the gradient of an entry is the sum over the blocks assigned to it. */
function entriesOf(codebook: tf.Tensor2D, assignments: Int32Array, sources: MatrixSources): tf.Tensor2D {
  const [entries] = codebook.shape;
  const [y] = differentiableOp(
    { codebook },
    () => [rearrangeMatrix(codebook, sources)],
    ([change]) => ({ codebook: () => sumRowsById(change as tf.Tensor2D, assignments, entries) }),
  );
  return y as tf.Tensor2D;
}

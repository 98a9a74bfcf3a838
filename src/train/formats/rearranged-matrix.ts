import type * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { uploadTensor } from '../../engines/webgpu/transfer';
import { unpackPermutation } from '../../engines/webgpu/kernels/formats/permute';
import {
  type MatrixSources,
  rearrangeMatrix,
} from '../../engines/webgpu/kernels/contraction/rearrange-matrix';
import type { LinearWeight } from '../../weights/linear-weight';
import { readStored, stores } from '../stored-tensors';
import type { MakeTrainable, TrainableFormat } from '../trainable-format';
import type { TrainableMatrix } from '../trainable-matrix';
import { FactorizedMatrix } from './factorized-matrix';

/** Index in the inner matrix of each row and column of the matrix; −1 for removed ones. */
interface Places {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/** Inner matrix with rearranged rows and columns, each used at most once. */
function rearranged(
  weight: LinearWeight,
  name: string,
  trainFactor: MakeTrainable,
  { rows, columns }: Places,
): Promise<TrainableMatrix> {
  const [innerRows, innerColumns] = weight.factors![0].weight.shape;
  const sources = upload({ rows, columns });
  const inverse = upload({ rows: inverseOf(rows, innerRows), columns: inverseOf(columns, innerColumns) });
  return FactorizedMatrix.of(weight, name, trainFactor, ([inner]) => rearrange(inner, sources, inverse), [
    ...[sources.rows, sources.columns],
    ...[inverse.rows, inverse.columns],
  ]);
}

/** @param inverse destination of each row and column of `x` */
function rearrange(x: tf.Tensor2D, sources: MatrixSources, inverse: MatrixSources): tf.Tensor2D {
  const [y] = differentiableOp(
    { x },
    () => [rearrangeMatrix(x, sources)],
    ([change]) => ({ x: () => rearrangeMatrix(change as tf.Tensor2D, inverse) }),
  );
  return y as tf.Tensor2D;
}

function upload({ rows, columns }: Places): MatrixSources {
  const [rowSources, columnSources] = [rows, columns].map((ids) => uploadTensor(ids, [ids.length]));
  return { rows: rowSources, columns: columnSources };
}

/** Position in `places` of each number below `count`; −1 if absent. */
function inverseOf(places: Int32Array, count: number): Int32Array {
  const positions = new Int32Array(count).fill(-1);
  places.forEach((place, position) => {
    if (place >= 0) positions[place] = position;
  });
  return positions;
}

function identity(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => index);
}

async function storedWords(weight: LinearWeight, suffix: string): Promise<Uint32Array> {
  return new Uint32Array((await readStored(weight, suffix)).slice().buffer);
}

/** Reordered rows and columns. */
export const permutedFormat: TrainableFormat = {
  id: 'permuted',
  async of(weight, name, trainFactor) {
    const [height, width] = weight.shape;
    const entries = async (suffix: string, length: number) =>
      stores(weight, suffix)
        ? Int32Array.from(unpackPermutation(await storedWords(weight, suffix), length))
        : identity(length);
    return rearranged(weight, name, trainFactor, {
      rows: await entries('row_positions', height),
      // The stored order gives the destination of each inner column.
      columns: inverseOf(await entries('column_order', width), width),
    });
  },
};

/** Removed rows or columns. */
export const structuredFormat: TrainableFormat = {
  id: 'structured',
  async of(weight, name, trainFactor) {
    const [height, width] = weight.shape;
    const kept = Int32Array.from(await storedWords(weight, 'kept_indices'));
    const isRows = weight.attributes().axis === 'rows';
    return rearranged(weight, name, trainFactor, {
      rows: isRows ? inverseOf(kept, height) : identity(height),
      columns: isRows ? identity(width) : inverseOf(kept, width),
    });
  },
};

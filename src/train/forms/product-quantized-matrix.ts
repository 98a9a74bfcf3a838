import * as tf from '@tensorflow/tfjs';
import { lookUpRows } from '../../model/gradients/embeddings';
import { DenseWeight } from '../../weights/dense-weight';
import type { LinearWeight } from '../../weights/linear-weight';
import type { TrainableForm } from '../trainable-form';
import { FactorizedMatrix } from './factorized-matrix';

/** The codebook trains; which block is which of its entries stays. */
export const productQuantizedForm: TrainableForm = {
  form: 'product-quantized',
  async of(weight, name, ofFactor) {
    const [rows, columns] = weight.shape;
    const assignments = await assignmentsOf(weight);
    return FactorizedMatrix.of(weight, name, ofFactor, ([codebook]) =>
      tf.reshape(lookUpRows(codebook, assignments), [rows, columns]),
    );
  },
};

/** Of each block its entry: what the weight holds with a codebook whose entries are their own numbers. */
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

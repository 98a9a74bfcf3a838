import * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../../engines/webgpu/transfer';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import { contractTensor } from '../../engines/webgpu/kernels/contraction/tensor-contraction';
import { type FactorLoader, loadFactors } from '../composite-storage';
import { isPlain, multiplyFactor } from '../contract-factor';
import { FactorizedWeight } from './factorized-weight';
import type { LinearWeight, WeightFormat } from '../linear-weight';
import { loadedProduct } from '../loaded-product';
import { sampleFactor } from '../sample-factor';

/** W ≈ left · right with left [out, rank] and right [rank, in], applied as two products. */
export class LowRankWeight extends FactorizedWeight {
  readonly format = 'low-rank';
  readonly shape: readonly [number, number];

  /** @param left [out, rank]; @param right [rank, in]; both owned from here on */
  constructor(
    private readonly left: LinearWeight,
    private readonly right: LinearWeight,
  ) {
    super([
      { name: 'left', weight: left },
      { name: 'right', weight: right },
    ]);
    if (left.shape[1] !== right.shape[0]) {
      throw new Error(`Factors of ${left.shape.join('×')} and ${right.shape.join('×')} do not multiply.`);
    }
    this.shape = [left.shape[0], right.shape[1]];
  }

  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    return tf.tidy(() => multiplyFactor(this.left, multiplyFactor(this.right, x), epilogue));
  }

  /** rows(left) · right; contracts the width of right in place, without a transposed copy. */
  rows(ids: tf.Tensor1D): tf.Tensor2D {
    const [rank, inputs] = this.right.shape;
    const count = ids.shape[0];
    return tf.tidy(() => {
      // Dense values of a right factor in another format; no larger than the factor itself.
      const right = isPlain(this.right)
        ? this.right.denseValues
        : this.right.rows(
            uploadTensor(
              Int32Array.from({ length: rank }, (_, row) => row),
              [rank],
            ),
          );
      return contractTensor(right, this.left.rows(ids), {
        groups: count,
        rows: inputs,
        columns: 1,
        terms: { outer: 1, inner: rank },
        rowInner: inputs,
        factorRow: { outer: 0, inner: 1 },
        factorTerm: { outer: 0, inner: inputs },
        x: { group: rank, term: { outer: 0, inner: 1 }, column: 0 },
        y: { group: inputs, row: { outer: 0, inner: 1 }, column: 0 },
        outputShape: [count, inputs],
      });
    });
  }

  async dense(): Promise<Float32Array> {
    const [outputs, inputs] = this.shape;
    const rank = this.left.shape[1];
    const [left, right] = [await this.left.dense(), await this.right.dense()];
    const dense = new Float32Array(outputs * inputs);
    const row = new Float64Array(inputs);
    for (let output = 0; output < outputs; output++) {
      row.fill(0);
      for (let k = 0; k < rank; k++) {
        const factor = left[output * rank + k];
        for (let input = 0; input < inputs; input++) row[input] += factor * right[k * inputs + input];
      }
      dense.set(row, output * inputs);
    }
    return dense;
  }

  protected ownAttributes(): Record<string, unknown> {
    return {};
  }

  withFactors([left, right]: readonly LinearWeight[]): LowRankWeight {
    return new LowRankWeight(left, right);
  }
}

/** @param loadWeight loads the factors by their own formats */
export function lowRankFormat(loadWeight: FactorLoader): WeightFormat {
  return {
    id: 'low-rank',
    title: 'Low rank',
    samples: {
      'low rank': (values, [rows, columns]) =>
        new LowRankWeight(sampleFactor(values, [rows, 8]), sampleFactor(values, [8, columns], rows * 8)),
    },
    async load(shape, attributes, read) {
      const factors = await loadFactors(['left', 'right'], attributes.factors, read, loadWeight);
      return loadedProduct(factors, shape, () => new LowRankWeight(factors[0], factors[1]));
    },
  };
}

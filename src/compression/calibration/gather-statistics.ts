import * as tf from '@tensorflow/tfjs';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import { columnSums } from '../../engines/webgpu/kernels/products/column-sums';
import { denseMatmul } from '../../engines/webgpu/kernels/products/dense-matmul';
import { transposed } from '../../engines/webgpu/kernels/contraction/swap-dimensions';
import type { LinearWeight } from '../../weights/linear-weight';
import { type CalibrationBatch, type CalibrationStatistic, LinearStatistics } from './calibration';

/** Sums over the tokens of a linear, retained on the GPU beyond any `tf.tidy`. The caller disposes. */
export class StatisticsGatherer {
  private tokens = 0;
  private readonly sums = new Map<CalibrationStatistic, tf.Tensor>();

  constructor(
    private readonly wanted: readonly CalibrationStatistic[],
    private readonly weight: LinearWeight,
  ) {}

  /** Adds the inputs of one batch, [tokens, in], without padding. */
  add(x: tf.Tensor2D): void {
    this.tokens += x.shape[0];
    for (const statistic of this.wanted) {
      const before = this.sums.get(statistic);
      const after = tf.tidy(() => {
        const ofBatch = MEASURES[statistic](x, this.weight);
        if (!before) return ofBatch;
        return statistic === 'inputAbsoluteMaxima' ? tf.maximum(before, ofBatch) : tf.add(before, ofBatch);
      });
      before?.dispose();
      this.sums.set(statistic, tf.keep(after));
    }
  }

  async read(): Promise<LinearStatistics> {
    const values = new Map<CalibrationStatistic, Float32Array>();
    for (const [statistic, sum] of this.sums) values.set(statistic, await readFloats(sum));
    return new LinearStatistics(this.tokens, values);
  }

  dispose(): void {
    tf.dispose([...this.sums.values()]);
  }
}

const MEASURES: Record<CalibrationStatistic, (x: tf.Tensor2D, weight: LinearWeight) => tf.Tensor> = {
  inputSquareSums: (x) => columnSums(x, 'squareSums'),
  inputAbsoluteSums: (x) => columnSums(x, 'absoluteSums'),
  inputAbsoluteMaxima: (x) => columnSums(x, 'absoluteMaxima'),
  hessian: gram,
  outputGram: (x, weight) => gram(weight.matmul(x)),
};

/** xᵀ x, by the product tiled for the device. */
function gram(x: tf.Tensor2D): tf.Tensor2D {
  const columns = transposed(x);
  return denseMatmul(columns, columns, columns.shape[0]);
}

/** Number of elements of a linear's statistics. */
export function statisticSize(
  statistic: CalibrationStatistic,
  [outputs, inputs]: readonly [number, number],
): number {
  if (statistic === 'hessian') return inputs * inputs;
  return statistic === 'outputGram' ? outputs * outputs : inputs;
}

/** Indices of the rows of a batch that are not padding, or undefined if there is no padding. */
export function realRows({ batch, length, lengths }: CalibrationBatch): Int32Array | undefined {
  if (!lengths || lengths.every((each) => each === length)) return undefined;
  const rows: number[] = [];
  for (let sequence = 0; sequence < batch; sequence++) {
    for (let token = 0; token < lengths[sequence]; token++) rows.push(sequence * length + token);
  }
  return Int32Array.from(rows);
}

/** Rows of the batch's tokens without padding; `x` itself if there is none. The caller disposes (`tf.tidy`). */
export function withoutPadding<T extends tf.Tensor>(x: T, batch: CalibrationBatch): T {
  const rows = realRows(batch);
  return rows ? (tf.gather(x, uploadTensor(rows, [rows.length])) as T) : x;
}

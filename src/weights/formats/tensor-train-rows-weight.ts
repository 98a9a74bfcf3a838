import * as tf from '@tensorflow/tfjs';
import { emptyTensor, uploadTensor } from '../../engines/webgpu/transfer';
import { denseMatmul } from '../../engines/webgpu/kernels/products/dense-matmul';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import {
  type RowTrains,
  rowsOfTrains,
  type RowTrainTile,
  rowTrainTile,
} from '../../engines/webgpu/kernels/formats/row-trains';
import { contractRowTrains, type TrainCoreShape, valuesOfTrain } from '../../linalg/row-tensor-trains';
import { type FactorLoader, loadFactors } from '../composite-storage';
import { isPlain } from '../contract-factor';
import { DenseWeight } from './dense-weight';
import { FactorizedWeight } from './factorized-weight';
import type { LinearWeight, WeightFormat } from '../linear-weight';
import { loadedProduct } from '../loaded-product';
import { sampleFactor } from '../sample-factor';

const BYTES_PER_VALUE = 4;
/** Maximum bytes of rows that a product rebuilds at once. */
const TILE_BYTES = 8 * 1024 * 1024;

/** Consecutive rows of the matrix. */
interface Stretch {
  readonly firstRow: number;
  readonly count: number;
}

/**
 * Matrix with a separate tensor train for each row: W[v, (i1 … id)] = G1ᵛ[i1] · … · Gdᵛ[id], the first index slowest. The
 * factor `cores` is a matrix with the cores of one row in each of its rows. Lookups rebuild single rows; products rebuild one
 * tile of rows at a time, so that the whole matrix never exists.
 */
export class TensorTrainRowsWeight extends FactorizedWeight {
  readonly format = 'tensor-train-rows';
  readonly shape: readonly [number, number];

  /** @param cores [rows, values per train]; owned from here on */
  constructor(
    private readonly cores: LinearWeight,
    readonly trains: RowTrains,
  ) {
    super([{ name: 'cores', weight: cores }]);
    checkTrains(cores, trains);
    this.shape = [cores.shape[0], trains.width];
  }

  /** Uploads trains of `tensorTrainsOfRows`. @param values row-major [rows, values per train] */
  static fromTrains(
    values: Float32Array,
    width: number,
    cores: readonly TrainCoreShape[],
  ): TensorTrainRowsWeight {
    const length = valuesOfTrain(cores);
    const weight = DenseWeight.fromValues(values, [values.length / length, length]);
    return new TensorTrainRowsWeight(weight, { cores, width });
  }

  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    const [rows, width] = this.shape;
    const tileRows = Math.max(1, Math.min(rows, Math.floor(TILE_BYTES / (width * BYTES_PER_VALUE))));
    return tf.tidy(() => {
      const output = emptyTensor([x.shape[0], rows]);
      const tile = rowTrainTile(this.trains, tileRows);
      for (let firstRow = 0; firstRow < rows; firstRow += tileRows) {
        const stretch = { firstRow, count: Math.min(tileRows, rows - firstRow) };
        this.rebuild(stretch, tile);
        denseMatmul(x, tile.rows, stretch.count, epilogue, { output, offset: firstRow });
      }
      return output;
    });
  }

  /** Cores in another format are looked up for these rows first. */
  private rebuild(stretch: Stretch, tile: RowTrainTile): void {
    const { firstRow, count } = stretch;
    if (isPlain(this.cores)) {
      rowsOfTrains(this.cores.denseValues, this.trains, stretch, tile);
      return;
    }
    tf.tidy(() => {
      const ids = Int32Array.from({ length: count }, (_, index) => firstRow + index);
      const found = this.cores.rows(uploadTensor(ids, [count]));
      rowsOfTrains(found, this.trains, { firstRow: 0, count }, tile);
    });
  }

  rows(ids: tf.Tensor1D): tf.Tensor2D {
    const [count] = ids.shape;
    return tf.tidy(() => rowsOfTrains(this.cores.rows(ids), this.trains, { firstRow: 0, count }));
  }

  async dense(): Promise<Float32Array> {
    return contractRowTrains(await this.cores.dense(), this.trains.width, this.trains.cores);
  }

  protected ownAttributes(): Record<string, unknown> {
    return { cores: this.trains.cores };
  }

  withFactors([cores]: readonly LinearWeight[]): TensorTrainRowsWeight {
    return new TensorTrainRowsWeight(cores, this.trains);
  }
}

/** @throws Error naming the mismatch */
function checkTrains(matrix: LinearWeight, { cores, width }: RowTrains): void {
  const ranks = [1, ...cores.map(({ right }) => right)];
  const broken = cores.findIndex(({ left }, index) => left !== ranks[index]);
  if (broken >= 0 || ranks.at(-1) !== 1 || cores.length < 2) {
    throw new Error('The cores of its trains are fewer than two or do not continue each other.');
  }
  const elements = cores.reduce((product, { size }) => product * size, 1);
  if (elements < width) throw new Error(`Trains of ${elements} elements do not make rows of ${width}.`);
  const length = valuesOfTrain(cores);
  if (matrix.shape[1] !== length) {
    throw new Error(`A train holds ${length} values, the rows of its cores ${matrix.shape[1]}.`);
  }
}

/** @param loadWeight loads the matrix of the cores by its own format */
export function tensorTrainRowsFormat(loadWeight: FactorLoader): WeightFormat {
  return {
    id: 'tensor-train-rows',
    title: 'Tensor train of each row',
    samples: {
      'tensor train of each row': (values, [rows, columns]) => {
        const cores = [
          { left: 1, size: columns / 8, right: 2 },
          { left: 2, size: 8, right: 1 },
        ];
        const factor = sampleFactor(values, [rows, valuesOfTrain(cores)]);
        return new TensorTrainRowsWeight(factor, { cores, width: columns });
      },
    },
    async load(shape, attributes, read) {
      const { cores } = attributes;
      if (!isTrainCores(cores)) throw new Error('the sizes of its cores are not described');
      const factors = await loadFactors(['cores'], attributes.factors, read, loadWeight);
      return loadedProduct(
        factors,
        shape,
        () => new TensorTrainRowsWeight(factors[0], { cores, width: shape[1] }),
      );
    },
  };
}

function isTrainCores(described: unknown): described is TrainCoreShape[] {
  const isSize = (size: unknown) => Number.isInteger(size) && (size as number) >= 1;
  return (
    Array.isArray(described) &&
    described.every(
      (core: Partial<TrainCoreShape> | null) => core && [core.left, core.size, core.right].every(isSize),
    )
  );
}

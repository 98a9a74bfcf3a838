import * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../gpu/transfer';
import { contractTensorTrain, type TensorTrainCore } from '../linalg/tensor-train';
import { batchedProduct } from '../kernels/batched-product';
import type { Epilogue } from '../kernels/epilogue';
import { indexDigits } from '../kernels/index-digits';
import type { Contraction } from '../kernels/tensor-contraction';
import { type FactorLoader, loadFactors } from './composite-storage';
import { contractFactor, isPlain } from './contract-factor';
import { type CoreShape, tensorTrainCost } from './contraction-cost';
import { coreToMatrix, matrixToCore } from './core-layout';
import { DenseWeight } from './dense-weight';
import { FactorizedWeight } from './factorized-weight';
import type { LinearWeight, WeightForm } from './linear-weight';
import { loadedProduct } from './loaded-product';
import { inTokenChunks } from './token-chunks';

/**
 * A matrix product operator: W[(i1 … id), (j1 … jd)] = G1[i1, j1] · … · Gd[id, jd]. Core k is kept as a matrix
 * [row·right, left·column], so that contracting it with activations is a product of matrices.
 */
export class TensorTrainWeight extends FactorizedWeight {
  readonly form = 'tensor-train';
  readonly shape: readonly [number, number];

  /** @param cores matrices [row·right, left·column] in order; owned from here on */
  constructor(
    private readonly coreShapes: readonly CoreShape[],
    private readonly cores: readonly LinearWeight[],
  ) {
    super(cores.map((weight, index) => ({ name: `core${index}`, weight })));
    checkChain(coreShapes, cores);
    this.shape = [product(coreShapes.map(({ row }) => row)), product(coreShapes.map(({ column }) => column))];
  }

  /** Uploads the cores of a TT-SVD. */
  static fromCores(cores: readonly TensorTrainCore[]): TensorTrainWeight {
    const shapes = cores.map(({ shape: [left, row, column, right] }) => ({ left, row, column, right }));
    const matrices = cores.map(({ values }, index) => {
      const { left, row, column, right } = shapes[index];
      return DenseWeight.fromValues(coreToMatrix(values, shapes[index]), [row * right, left * column]);
    });
    return new TensorTrainWeight(shapes, matrices);
  }

  /** From the cheaper end; from the last core on the cores are read across their rows, which only plain ones allow. */
  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    const [outputs, inputs] = this.shape;
    const first = tensorTrainCost(this.coreShapes, 'first');
    const last = tensorTrainCost(this.coreShapes, 'last');
    if (last.multiplications < first.multiplications && this.cores.every(isPlain)) {
      const needs = { elements: last.elements, rows: 1 };
      return inTokenChunks(x, outputs, needs, epilogue, (...part) => this.applyFromLast(...part));
    }
    const needs = { elements: Math.max(first.elements, inputs), rows: this.mostRowsOfAToken() };
    return inTokenChunks(x, outputs, needs, epilogue, (...part) => this.applyFromFirst(...part));
  }

  /** Rows in which the widest step from the first core on sees one token: what it is beside the core's own indices. */
  private mostRowsOfAToken(): number {
    let rest = this.shape[1];
    let done = 1;
    let most = 1;
    for (const { row, column } of this.coreShapes) {
      rest /= column;
      most = Math.max(most, rest * done);
      done *= row;
    }
    return most;
  }

  /** State [tokens, rows done, left, columns left]; each core turns (left, column) into (row, right). */
  private applyFromFirst(x: tf.Tensor2D, epilogue: Epilogue | undefined): tf.Tensor2D {
    const tokens = x.shape[0];
    let state: tf.Tensor2D = x;
    let rowsDone = 1;
    let columnsLeft = this.shape[1];
    this.coreShapes.forEach(({ left, row, column, right }, index) => {
      const rest = columnsLeft / column;
      const contraction: Contraction = {
        groups: tokens * rowsDone,
        rows: row * right,
        columns: rest,
        terms: { outer: left, inner: column },
        rowInner: row * right,
        factorRow: { outer: 0, inner: left * column },
        factorTerm: { outer: column, inner: 1 },
        x: { group: left * columnsLeft, term: { outer: columnsLeft, inner: rest }, column: 1 },
        y: { group: row * right * rest, row: rest, column: 1 },
        outputShape: [tokens, rowsDone * row * right * rest],
      };
      const isLast = index === this.cores.length - 1;
      state = contractFactor(this.cores[index], state, contraction, isLast ? epilogue : undefined);
      rowsDone *= row;
      columnsLeft = rest;
    });
    return state;
  }

  /** State [tokens, columns left, right, rows done]; each core turns (column, right) into (left, row). */
  private applyFromLast(x: tf.Tensor2D, epilogue: Epilogue | undefined): tf.Tensor2D {
    const tokens = x.shape[0];
    let state: tf.Tensor2D = x;
    let rowsDone = 1;
    let columnsLeft = this.shape[1];
    for (let index = this.cores.length - 1; index >= 0; index--) {
      const { left, row, column, right } = this.coreShapes[index];
      const rest = columnsLeft / column;
      const contraction: Contraction = {
        groups: tokens * rest,
        rows: left * row,
        columns: rowsDone,
        terms: { outer: column, inner: right },
        rowInner: row,
        factorRow: { outer: column, inner: right * left * column },
        factorTerm: { outer: 1, inner: left * column },
        x: {
          group: column * right * rowsDone,
          term: { outer: right * rowsDone, inner: rowsDone },
          column: 1,
        },
        y: { group: left * row * rowsDone, row: rowsDone, column: 1 },
        outputShape: [tokens, rest * left * row * rowsDone],
      };
      state = contractFactor(this.cores[index], state, contraction, index === 0 ? epilogue : undefined);
      rowsDone *= row;
      columnsLeft = rest;
    }
    return state;
  }

  /** State [n, columns done, left]; each core takes the slice of its digit of the row, [right, left·column]. */
  rows(ids: tf.Tensor1D): tf.Tensor2D {
    return tf.tidy(() => {
      const batch = ids.size;
      let below = this.shape[0];
      let columnsDone = 1;
      let state: tf.Tensor2D | undefined;
      this.coreShapes.forEach(({ left, row, column, right }, index) => {
        below /= row;
        const coreIds = indexDigits(ids, { below, size: row, count: right, scale: right, step: 1 });
        const slices = this.cores[index].rows(coreIds); // [n·right, left·column]
        state = batchedProduct(state ?? uploadTensor(Float32Array.of(1), [1]), slices, {
          batch,
          rows: columnsDone,
          terms: left,
          columns: { outer: column, inner: right },
          left: { batch: state ? columnsDone * left : 0, row: left, term: 1 },
          right: { batch: right * left * column, term: column, outer: 1, inner: left * column },
        });
        columnsDone *= column;
      });
      return state!;
    });
  }

  async dense(): Promise<Float32Array> {
    const cores: TensorTrainCore[] = [];
    for (const [index, shape] of this.coreShapes.entries()) {
      const { left, row, column, right } = shape;
      cores.push({
        values: matrixToCore(await this.cores[index].dense(), shape),
        shape: [left, row, column, right],
      });
    }
    return Float32Array.from(contractTensorTrain(cores).values);
  }

  protected ownAttributes(): Record<string, unknown> {
    return { cores: this.coreShapes };
  }

  withFactors(factors: readonly LinearWeight[]): TensorTrainWeight {
    return new TensorTrainWeight(this.coreShapes, factors);
  }
}

/** @throws Error naming the first core that is not as its sizes say or does not continue the one before */
function checkChain(coreShapes: readonly CoreShape[], cores: readonly LinearWeight[]): void {
  let rank = 1;
  coreShapes.forEach(({ left, row, column, right }, index) => {
    const [rows, columns] = cores[index].shape;
    if (rows !== row * right || columns !== left * column) {
      throw new Error(
        `Core ${index} is ${rows}×${columns}, its sizes ask for ${row * right}×${left * column}.`,
      );
    }
    if (left !== rank)
      throw new Error(`Core ${index} begins with rank ${left}, the one before ends with ${rank}.`);
    rank = right;
  });
  if (rank !== 1) throw new Error(`The last core ends with rank ${rank}, not with 1.`);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}

/** @param loadWeight loads the cores by their own forms */
export function tensorTrainForm(loadWeight: FactorLoader): WeightForm {
  return {
    form: 'tensor-train',
    title: 'Tensor train',
    async load(shape, attributes, read) {
      if (!isCoreShapes(attributes.cores)) throw new Error('the sizes of its cores are not described');
      const shapes = attributes.cores;
      const names = shapes.map((_, index) => `core${index}`);
      const cores = await loadFactors(names, attributes.factors, read, loadWeight);
      return loadedProduct(cores, shape, () => new TensorTrainWeight(shapes, cores));
    },
  };
}

function isCoreShapes(described: unknown): described is CoreShape[] {
  const isSize = (size: unknown) => Number.isInteger(size) && (size as number) >= 1;
  return (
    Array.isArray(described) &&
    described.length > 0 &&
    described.every(
      (core: Partial<CoreShape> | null) =>
        core && [core.left, core.row, core.column, core.right].every(isSize),
    )
  );
}

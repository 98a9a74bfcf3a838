import * as tf from '@tensorflow/tfjs';
import { contractTensorTrain, type TensorTrainCore } from '../linalg/tensor-train';
import {
  factorAttributes,
  type FactorLoader,
  loadFactors,
  storedFactors,
  totalOfFactors,
} from './composite-storage';
import { contractFactor, isPlain } from './contract-factor';
import { type CoreShape, tensorTrainCost } from './contraction-cost';
import { coreToMatrix, matrixToCore } from './core-layout';
import { DenseWeight } from './dense-weight';
import { indexDigit } from './index-digit';
import type { LinearWeight, NamedFactor, StoredTensor, WeightForm } from './linear-weight';
import { loadedProduct } from './loaded-product';
import { inTokenChunks } from './token-chunks';

/**
 * A matrix product operator: W[(i1 … id), (j1 … jd)] = G1[i1, j1] · … · Gd[id, jd]. Core k is kept as a matrix
 * [row·right, left·column], so that contracting it with activations is a product of matrices.
 */
export class TensorTrainWeight implements LinearWeight {
  readonly form = 'tensor-train';
  readonly factors: readonly NamedFactor[];
  readonly shape: readonly [number, number];

  /** @param cores matrices [row·right, left·column] in order; owned from here on */
  constructor(
    private readonly coreShapes: readonly CoreShape[],
    private readonly cores: readonly LinearWeight[],
  ) {
    checkChain(coreShapes, cores);
    this.shape = [product(coreShapes.map(({ row }) => row)), product(coreShapes.map(({ column }) => column))];
    this.factors = cores.map((weight, index) => ({ name: `core${index}`, weight }));
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

  get storedBytes(): number {
    return totalOfFactors(this.factors).storedBytes;
  }

  get parameters(): number {
    return totalOfFactors(this.factors).parameters;
  }

  /** From the cheaper end; from the last core on the cores are read across their rows, which only plain ones allow. */
  matmul(x: tf.Tensor2D): tf.Tensor2D {
    const first = tensorTrainCost(this.coreShapes, 'first');
    const last = tensorTrainCost(this.coreShapes, 'last');
    if (last.multiplications < first.multiplications && this.cores.every(isPlain)) {
      return inTokenChunks(x, { elements: last.elements, rows: 1 }, (part) => this.applyFromLast(part));
    }
    const needs = { elements: Math.max(first.elements, this.shape[1]), rows: this.mostRowsOfAToken() };
    return inTokenChunks(x, needs, (part) => this.applyFromFirst(part));
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
  private applyFromFirst(x: tf.Tensor2D): tf.Tensor2D {
    const tokens = x.shape[0];
    let state: tf.Tensor2D = x;
    let rowsDone = 1;
    let columnsLeft = this.shape[1];
    this.coreShapes.forEach(({ left, row, column, right }, index) => {
      const rest = columnsLeft / column;
      state = contractFactor(this.cores[index], state, {
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
      });
      rowsDone *= row;
      columnsLeft = rest;
    });
    return state;
  }

  /** State [tokens, columns left, right, rows done]; each core turns (column, right) into (left, row). */
  private applyFromLast(x: tf.Tensor2D): tf.Tensor2D {
    const tokens = x.shape[0];
    let state: tf.Tensor2D = x;
    let rowsDone = 1;
    let columnsLeft = this.shape[1];
    for (let index = this.cores.length - 1; index >= 0; index--) {
      const { left, row, column, right } = this.coreShapes[index];
      const rest = columnsLeft / column;
      state = contractFactor(this.cores[index], state, {
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
      });
      rowsDone *= row;
      columnsLeft = rest;
    }
    return state;
  }

  rows(ids: tf.Tensor1D): tf.Tensor2D {
    return tf.tidy(() => {
      const count = ids.shape[0];
      let below = this.shape[0];
      let state: tf.Tensor = tf.ones([count, 1, 1]); // [n, columns done, left]
      this.coreShapes.forEach(({ left, row, column, right }, index) => {
        below /= row;
        const coreRows = indexDigit(ids, below, row).mul(tf.scalar(right, 'int32')).reshape([count, 1]);
        const coreIds = coreRows.add(tf.range(0, right, 1, 'int32').reshape([1, right])).reshape([-1]);
        const slices = this.cores[index]
          .rows(coreIds.toInt() as tf.Tensor1D)
          .reshape([count, right, left, column]);
        const step = slices.transpose([0, 2, 3, 1]).reshape([count, left, column * right]);
        state = tf.matMul(state, step).reshape([count, -1, right]);
      });
      return state.reshape([count, this.shape[1]]) as tf.Tensor2D;
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

  stored(): readonly StoredTensor[] {
    return storedFactors(this.factors);
  }

  attributes(): Record<string, unknown> {
    return { cores: this.coreShapes, factors: factorAttributes(this.factors) };
  }

  withFactors(factors: readonly LinearWeight[]): TensorTrainWeight {
    return new TensorTrainWeight(this.coreShapes, factors);
  }

  clone(): TensorTrainWeight {
    return new TensorTrainWeight(
      this.coreShapes,
      this.cores.map((core) => core.clone()),
    );
  }

  dispose(): void {
    for (const core of this.cores) core.dispose();
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

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
import { DenseWeight } from './dense-weight';
import type { LinearWeight, NamedFactor, StoredTensor, WeightForm } from './linear-weight';

/** Sizes of one core: it carries row index `row`, column index `column`, and the ranks to its neighbours. */
export interface CoreShape {
  readonly left: number;
  readonly row: number;
  readonly column: number;
  readonly right: number;
}

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
    coreShapes.forEach(({ left, row, column, right }, index) => {
      const [rows, columns] = cores[index].shape;
      if (rows !== row * right || columns !== left * column) {
        throw new Error(
          `Core ${index} is ${rows}×${columns}, its sizes ask for ${row * right}×${left * column}.`,
        );
      }
    });
    this.shape = [product(coreShapes.map(({ row }) => row)), product(coreShapes.map(({ column }) => column))];
    this.factors = cores.map((weight, index) => ({ name: `core${index}`, weight }));
  }

  /** Uploads the cores of a TT-SVD. */
  static fromCores(cores: readonly TensorTrainCore[]): TensorTrainWeight {
    const shapes = cores.map(({ shape: [left, row, column, right] }) => ({ left, row, column, right }));
    const matrices = cores.map(({ values }, index) => {
      const { left, row, column, right } = shapes[index];
      return DenseWeight.fromValues(toMatrix(values, shapes[index]), [row * right, left * column]);
    });
    return new TensorTrainWeight(shapes, matrices);
  }

  get storedBytes(): number {
    return totalOfFactors(this.factors).storedBytes;
  }

  get parameters(): number {
    return totalOfFactors(this.factors).parameters;
  }

  matmul(x: tf.Tensor2D): tf.Tensor2D {
    const [first, last] = [
      contractionCost(this.coreShapes, 'first'),
      contractionCost(this.coreShapes, 'last'),
    ];
    // From the last core on the cores are read across their rows, which only plain ones allow.
    const fromLast = last < first && this.cores.every(isPlain);
    return tf.tidy(() => (fromLast ? this.applyFromLast(x) : this.applyFromFirst(x)));
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
        const digit = tf.mod(tf.floorDiv(ids, tf.scalar(below, 'int32')), tf.scalar(row, 'int32'));
        const coreRows = digit.mul(tf.scalar(right, 'int32')).reshape([count, 1]);
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
        values: fromMatrix(await this.cores[index].dense(), shape),
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

/**
 * Multiplications a token when the cores are contracted from the first on or from the last on. Either way each core
 * costs its size times what the state holds besides the indices that it consumes.
 */
export function contractionCost(cores: readonly CoreShape[], from: 'first' | 'last'): number {
  const order = from === 'first' ? cores : [...cores].reverse();
  let rest = product(cores.map(({ column }) => column));
  let done = 1;
  let cost = 0;
  for (const { left, row, column, right } of order) {
    rest /= column;
    cost += left * row * column * right * rest * done;
    done *= row;
  }
  return cost;
}

/** [left, row, column, right] → [row·right, left·column]. */
function toMatrix(values: Float64Array, { left, row, column, right }: CoreShape): Float32Array {
  const matrix = new Float32Array(values.length);
  eachEntry({ left, row, column, right }, (core, entry) => {
    matrix[entry] = values[core];
  });
  return matrix;
}

function fromMatrix(matrix: Float32Array, shape: CoreShape): Float64Array {
  const values = new Float64Array(matrix.length);
  eachEntry(shape, (core, entry) => {
    values[core] = matrix[entry];
  });
  return values;
}

function eachEntry(
  { left, row, column, right }: CoreShape,
  visit: (core: number, entry: number) => void,
): void {
  for (let l = 0; l < left; l++) {
    for (let i = 0; i < row; i++) {
      for (let j = 0; j < column; j++) {
        for (let r = 0; r < right; r++) {
          visit(((l * row + i) * column + j) * right + r, (i * right + r) * left * column + l * column + j);
        }
      }
    }
  }
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}

/** @param loadWeight loads the cores by their own forms */
export function tensorTrainForm(loadWeight: FactorLoader): WeightForm {
  return {
    form: 'tensor-train',
    title: 'Tensor train',
    async load(_shape, attributes, read) {
      const shapes = attributes.cores as CoreShape[];
      const names = shapes.map((_, index) => `core${index}`);
      return new TensorTrainWeight(shapes, await loadFactors(names, attributes.factors, read, loadWeight));
    },
  };
}

import * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../engines/webgpu/device';
import { uploadTensor } from '../../engines/webgpu/transfer';
import { contractTensorTrain, type TensorTrainCore } from '../../linalg/tensor-train';
import { batchedProduct } from '../../engines/webgpu/kernels/products/batched-product';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import { indexDigits } from '../../engines/webgpu/kernels/contraction/index-digits';
import { contractTensor } from '../../engines/webgpu/kernels/contraction/tensor-contraction';
import type { Contraction } from '../../engines/webgpu/kernels/contraction/tensor-contraction-plan';
import { type FactorLoader, loadFactors } from '../composite-storage';
import { contractFactor, isPlain } from '../contract-factor';
import type { CoreShape } from '../contraction-cost';
import { coreToMatrix, matrixToCore } from '../core-layout';
import { DenseWeight } from './dense-weight';
import { FactorizedWeight } from './factorized-weight';
import type { LinearWeight, WeightFormat } from '../linear-weight';
import { loadedProduct } from '../loaded-product';
import { sampleFactor } from '../sample-factor';
import {
  largestOf,
  mergedShapes,
  mergeSteps,
  planTensorTrain,
  type TensorTrainPlan,
  trainSteps,
} from '../tensor-train-plan';
import { inTokenChunks } from '../token-chunks';

const BYTES_PER_VALUE = 4;

/**
 * Matrix product operator: W[(i1 … id), (j1 … jd)] = G1[i1, j1] · … · Gd[id, jd]. Core k is stored as a matrix [row·right,
 * left·column], so that contracting it with activations is a matrix product.
 */
export class TensorTrainWeight extends FactorizedWeight {
  readonly format = 'tensor-train';
  readonly shape: readonly [number, number];
  private readonly plans = new Map<number, TensorTrainPlan>();

  /** @param cores matrices [row·right, left·column] in order; owned from here on */
  constructor(
    readonly coreShapes: readonly CoreShape[],
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

  /** Applies the fastest plan; cores that are not plain are neither merged nor read across their rows. */
  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    const [outputs, inputs] = this.shape;
    const [tokens] = x.shape;
    if (!this.cores.every(isPlain)) {
      const steps = trainSteps(this.coreShapes, 'first', 1);
      const needs = { elements: Math.max(largestOf(steps), inputs), rows: mostRows(steps) };
      return inTokenChunks(x, outputs, needs, epilogue, (...part) =>
        this.apply(this.coreShapes, this.cores, 'first', ...part),
      );
    }
    const { groups, from, elements } = this.planFor(tokens);
    return tf.tidy(() =>
      inTokenChunks(x, outputs, { elements, rows: 1 }, epilogue, (...part) =>
        this.apply(mergedShapes(this.coreShapes, groups), this.merged(groups), from, ...part),
      ),
    );
  }

  private planFor(tokens: number): TensorTrainPlan {
    let plan = this.plans.get(tokens);
    if (!plan) {
      const maxElements = currentGpu().description.maxBindingBytes / BYTES_PER_VALUE;
      this.plans.set(tokens, (plan = planTensorTrain(this.coreShapes, tokens, maxElements)));
    }
    return plan;
  }

  /** Values of the cores, with each group merged into one core. */
  private merged(groups: readonly number[]): tf.Tensor[] {
    const merges = new Map(mergeSteps(this.coreShapes, groups).map((step) => [step.index, step.contraction]));
    const merged: tf.Tensor[] = [];
    this.cores.forEach((core, index) => {
      const values = core.denseValues!;
      const contraction = merges.get(index);
      merged.push(contraction ? contractTensor(values, merged.pop()!, contraction) : values);
    });
    return merged;
  }

  private apply(
    shapes: readonly CoreShape[],
    cores: readonly (LinearWeight | tf.Tensor)[],
    from: 'first' | 'last',
    x: tf.Tensor2D,
    epilogue: Epilogue | undefined,
  ): tf.Tensor2D {
    const ordered = from === 'first' ? cores : [...cores].reverse();
    return trainSteps(shapes, from, x.shape[0]).reduce((state, contraction, index) => {
      const last = index === ordered.length - 1 ? epilogue : undefined;
      const core = ordered[index];
      return core instanceof tf.Tensor
        ? contractTensor(core, state, contraction, last)
        : contractFactor(core, state, contraction, last);
    }, x);
  }

  /** State [n, columns done, left]; each core takes the slice [right, left·column] for its digit of the row. */
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

/** Maximum number of rows per token in any step. */
function mostRows(steps: readonly Contraction[]): number {
  return Math.max(...steps.map(({ groups, columns }) => groups * columns));
}

/** @throws Error naming the first core that does not match its sizes or the previous core */
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

/** @param loadWeight loads the cores by their own formats */
export function tensorTrainFormat(loadWeight: FactorLoader): WeightFormat {
  return {
    id: 'tensor-train',
    title: 'Tensor train',
    samples: {
      'tensor train': (values, [rows, columns]) => {
        const shapes = [
          { left: 1, row: 4, column: columns / 4, right: 6 },
          { left: 6, row: rows / 4, column: 4, right: 1 },
        ];
        const first = sampleFactor(values, [24, columns / 4]);
        const second = sampleFactor(values, [rows / 4, 24], 6 * columns);
        return new TensorTrainWeight(shapes, [first, second]);
      },
    },
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

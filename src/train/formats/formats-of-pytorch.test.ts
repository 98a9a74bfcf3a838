import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { expectAllClose } from '../../testing/allclose';
import fixture from '../../testing/fixtures/trainable-forms.json';
import { lossAndGradients } from '../../testing/matrix-loss';
import { DenseWeight } from '../../weights/formats/dense-weight';
import { KroneckerWeight } from '../../weights/formats/kronecker-weight';
import type { LinearWeight } from '../../weights/linear-weight';
import { LowRankWeight } from '../../weights/formats/low-rank-weight';
import { QuantizedWeight } from '../../weights/formats/quantized-weight';
import { SparseWeight } from '../../weights/formats/sparse-weight';
import { TensorTrainWeight } from '../../weights/formats/tensor-train-weight';
import { trainableMatrix } from '../trainable-formats';

beforeAll(() => openNodeGpu());

const [ROWS, COLUMNS] = fixture.shape;

function dense(values: readonly number[], shape: readonly number[]): DenseWeight {
  return DenseWeight.fromValues(Float32Array.from(values), [shape[0], shape[1]]);
}

/** Codes of 4 bits by a grid of the fixture's scales. */
function quantized({ codes, scales, groupSize }: typeof fixture.quantized): QuantizedWeight {
  const groups = COLUMNS / groupSize;
  const values = codes.map((code, index) => {
    const group = Math.floor((index % COLUMNS) / groupSize);
    return code * scales[Math.floor(index / COLUMNS) * groups + group];
  });
  return QuantizedWeight.fromGrid(Float32Array.from(values), [ROWS, COLUMNS], {
    bits: 4,
    symmetric: true,
    perTensor: false,
    groupSize,
    scales: Float32Array.from(scales),
    zeroPoints: new Uint8Array(scales.length),
  });
}

const WEIGHTS: Readonly<Record<Exclude<keyof typeof fixture, 'shape'>, () => LinearWeight>> = {
  lowRank() {
    const { parameters, rank } = fixture.lowRank;
    return new LowRankWeight(dense(parameters[0], [ROWS, rank]), dense(parameters[1], [rank, COLUMNS]));
  },
  kronecker() {
    const { parameters, a, b, terms } = fixture.kronecker;
    return new KroneckerWeight(dense(parameters[0], a), dense(parameters[1], b), terms);
  },
  tensorTrain() {
    const { parameters, cores } = fixture.tensorTrain;
    const shapes = cores.map(([left, row, column, right]) => ({ left, row, column, right }));
    return new TensorTrainWeight(
      shapes,
      shapes.map(({ left, row, column, right }, index) =>
        dense(parameters[index], [row * right, left * column]),
      ),
    );
  },
  masked() {
    const { parameters, mask } = fixture.masked;
    const values = parameters[0].map((value, index) => value * mask[index]);
    return SparseWeight.fromDense(Float32Array.from(values), [ROWS, COLUMNS]);
  },
  quantized: () => quantized(fixture.quantized),
};

test.each(Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[])(
  '%s: loss and gradients agree with PyTorch in float64',
  async (form) => {
    const weight = WEIGHTS[form]();
    const matrix = await trainableMatrix(weight, 'module');
    weight.dispose();
    const { loss, gradients } = await lossAndGradients(matrix, fixture[form]);
    expectAllClose([loss], [fixture[form].loss], { absolute: 0, relative: 1e-5 });
    expect(gradients).toHaveLength(fixture[form].gradients.length);
    fixture[form].gradients.forEach((expected, index) => {
      const greatest = Math.max(...expected.map(Math.abs));
      expectAllClose(gradients[index], expected, { absolute: 2e-6 * greatest, relative: 1e-5 });
    });
    matrix.dispose();
  },
);

import { magnitudePruning } from '../../src/compression/pruning/magnitude-pruning';
import { roundToNearest } from '../../src/compression/quantization/round-to-nearest';
import { DenseWeight } from '../../src/weights/formats/dense-weight';
import { KroneckerWeight } from '../../src/weights/formats/kronecker-weight';
import type { LinearWeight } from '../../src/weights/linear-weight';
import { LowRankWeight } from '../../src/weights/formats/low-rank-weight';
import { TensorTrainWeight } from '../../src/weights/formats/tensor-train-weight';

type Shape = readonly [outputs: number, inputs: number];

/** Rank of the low-rank weight, as a share of the smaller side; terms and rank of the two others. */
const RANK_SHARE = 1 / 8;
const KRONECKER_TERMS = 2;
const KRONECKER_B = 16;
const TENSOR_TRAIN_RANK = 4;
const TENSOR_TRAIN_CORE = 16;

/**
 * A random weight of every format. The time of a product does not depend on the values, so the factors of a
 * factorized weight are drawn instead of computed.
 */
export const MAKE_WEIGHT: Readonly<Record<string, (shape: Shape) => Promise<LinearWeight>>> = {
  dense: async (shape) => dense(shape),
  int8: (shape) =>
    roundToNearest.compress(target(shape), { bits: 8, strategy: 'channel', symmetric: true }, {}, undefined),
  int4: (shape) =>
    roundToNearest.compress(
      target(shape),
      { bits: 4, strategy: 'group', groupSize: 32, symmetric: true },
      {},
      undefined,
    ),
  sparse: (shape) =>
    magnitudePruning.compress(
      target(shape),
      { sparsity: 0.5, scope: 'layer', pattern: 'unstructured' },
      {},
      undefined,
    ),
  twoOfFour: (shape) =>
    magnitudePruning.compress(target(shape), { scope: 'layer', pattern: '2:4' }, {}, undefined),
  lowRank: async ([outputs, inputs]) => {
    const rank = Math.min(outputs, inputs) * RANK_SHARE;
    return new LowRankWeight(dense([outputs, rank]), dense([rank, inputs]));
  },
  kronecker: async ([outputs, inputs]) =>
    new KroneckerWeight(
      dense([outputs / KRONECKER_B, (KRONECKER_TERMS * inputs) / KRONECKER_B]),
      dense([KRONECKER_TERMS * KRONECKER_B, KRONECKER_B]),
      KRONECKER_TERMS,
    ),
  tensorTrain: async ([outputs, inputs]) => {
    const [size, rank] = [TENSOR_TRAIN_CORE, TENSOR_TRAIN_RANK];
    const [row, column] = [outputs / size, inputs / size];
    return new TensorTrainWeight(
      [
        { left: 1, row: size, column: size, right: rank },
        { left: rank, row, column, right: 1 },
      ],
      [dense([size * rank, size]), dense([row, rank * column])],
    );
  },
};

function dense(shape: Shape): DenseWeight {
  return DenseWeight.fromValues(randomValues(shape[0] * shape[1]), shape);
}

function target(shape: Shape) {
  const values = randomValues(shape[0] * shape[1]);
  // A method reads the shape of the weight, and checks whether it is already sparse.
  return { name: 'random', shape, values, weight: { format: 'dense', shape } as LinearWeight };
}

/** Uniform in ±0.05 from a linear congruential generator (Numerical Recipes): millions are drawn at once. */
function randomValues(count: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 4294967296 - 0.5) / 10;
  });
}

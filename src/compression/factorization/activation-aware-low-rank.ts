import { z } from 'zod';
import { choleskyFactor } from '../../linalg/cholesky';
import { type LongTask, partOf } from '../../linalg/long-task';
import { type Matrix, matrixFrom, transpose } from '../../linalg/matrix';
import { product } from '../../linalg/matrix-product';
import { truncatedSvd } from '../../linalg/truncated-svd';
import type { LinearStatistics } from '../calibration/calibration';
import { lowRankWeight, RANK_PARAMETERS, rankFor } from './low-rank-factors';
import { type CalibratedMethod, RecipeError } from '../method';
import { parameter } from '../../parameters/parameter';

const schema = z.strictObject({
  ...RANK_PARAMETERS,
  whitening: parameter(
    z
      .enum(['cholesky', 'diagonal'], { error: 'whitening must be "cholesky" or "diagonal"' })
      .default('cholesky'),
    {
      label: 'Whitening',
      labels: {
        cholesky: 'by the whole covariance (SVD-LLM)',
        diagonal: 'by each input alone (ASVD)',
      },
      help: 'The whole covariance gives the least error of the outputs; its time grows with the cube of the width.',
    },
  ),
  alpha: parameter(z.number().min(0).max(1).default(0.5), {
    label: 'Exponent α',
    step: 0.05,
    help: 'Exponent of the mean magnitude of each input. Only for whitening by each input alone; 0 is plain low rank.',
  }),
});

type Parameters = z.infer<typeof schema>;

/** Shares of the mean of the diagonal to add where the covariance has no Cholesky factor. */
const DAMPING = [0, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2];

/**
 * Truncated singular value decomposition of W·S, where S describes the magnitude of the inputs: the least error of
 * the outputs.
 */
export const activationAwareLowRank: CalibratedMethod<Parameters> = {
  id: 'activation-aware-low-rank',
  title: 'Low rank, activation-aware',
  paper:
    'Wang et al. 2024, "SVD-LLM", section 3.1 (cholesky); Yuan et al. 2023, "ASVD: Activation-aware Singular Value Decomposition", section 3.2 (diagonal)',
  summary:
    'Keeps the singular vectors that matter most to the outputs on a calibration text, as two thin matrices; costs a pass of the text.',
  appliesTo: 'matrix',
  schema,

  statistics({ whitening }) {
    return [whitening === 'cholesky' ? 'hessian' : 'inputAbsoluteSums'];
  },

  multiplications([outputs, inputs], { whitening }) {
    const whitened = whitening === 'cholesky' ? inputs ** 3 / 6 + outputs * inputs ** 2 : 0;
    const shorter = Math.min(outputs, inputs);
    return whitened + 2 * outputs * inputs * shorter + 3 * shorter ** 3;
  },

  async compressCalibrated({ name, shape, values }, statistics, parameters, context) {
    const rank = rankFor('activation-aware-low-rank', name, shape, parameters);
    const weight = matrixFrom(values, ...shape);
    const whitened =
      parameters.whitening === 'cholesky'
        ? await whitenedByCovariance(name, weight, statistics, partOf(context, 0, 0.4))
        : whitenedByMagnitude(weight, statistics, parameters.alpha);
    const decomposition = await truncatedSvd(whitened, rank, partOf(context, 0.4, 0.9));
    const { singularValues, u } = decomposition;
    // W·S = UΣVᵀ makes ΣVᵀS⁻¹ = UᵀW: S, which may be nearly singular, is not inverted.
    const right = await product(transpose(u), weight, partOf(context, 0.9, 1));
    const unscaled = right.values.map((value, index) => {
      const scale = singularValues[Math.floor(index / right.columns)];
      return scale > 0 ? value / scale : 0;
    });
    return lowRankWeight(u, singularValues, { ...right, values: unscaled });
  },
};

/** W·S with S the Cholesky factor of Σ x xᵀ: a discarded singular value σ costs σ² of the squared error of the outputs. */
async function whitenedByCovariance(
  name: string,
  weight: Matrix,
  statistics: LinearStatistics,
  task: LongTask,
): Promise<Matrix> {
  const covariance = matrixFrom(statistics.get('hessian'), weight.columns, weight.columns);
  const factor = await dampedCholesky(name, covariance, partOf(task, 0, 0.5));
  return product(weight, factor, partOf(task, 0.5, 1));
}

/**
 * Inputs that are always zero, or fewer tokens than inputs, make the covariance singular; as in SVD-LLM, its diagonal
 * is then raised.
 */
async function dampedCholesky(name: string, covariance: Matrix, task: LongTask): Promise<Matrix> {
  const width = covariance.columns;
  const diagonal = Array.from({ length: width }, (_, index) => covariance.values[index * (width + 1)]);
  const mean = diagonal.reduce((sum, value) => sum + value, 0) / width;
  for (const share of DAMPING) {
    const lifted = { ...covariance, values: covariance.values.slice() };
    for (let index = 0; index < width; index++) lifted.values[index * (width + 1)] += share * (mean || 1);
    try {
      return await choleskyFactor(lifted, task);
    } catch {
      // Not positive definite, or cancellation: try the next share, or fail.
      task.signal?.throwIfAborted();
    }
  }
  throw new RecipeError(
    `The calibration text gives ${name} inputs that are not finite; use "whitening": "diagonal" or another text.`,
  );
}

/** W·S with S = diag((Σ|x| / tokens)^α). */
function whitenedByMagnitude(weight: Matrix, statistics: LinearStatistics, alpha: number): Matrix {
  const sums = statistics.get('inputAbsoluteSums');
  const scales = Array.from(sums, (sum) => (sum / statistics.tokens) ** alpha);
  return { ...weight, values: weight.values.map((value, index) => value * scales[index % weight.columns]) };
}

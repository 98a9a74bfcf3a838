import { z } from 'zod';
import { matrixFrom } from '../../linalg/matrix';
import { truncatedSvd } from '../../linalg/truncated-svd';
import { DenseWeight } from '../../weights/dense-weight';
import { LowRankWeight } from '../../weights/low-rank-weight';
import { type MatrixMethod, RecipeError } from '../method';

const schema = z.strictObject({
  rank: z.number().int().positive().optional(),
  parametersKept: z.number().positive().max(1).optional(),
});

type Parameters = z.infer<typeof schema>;

/** Truncated singular value decomposition: the best matrix of a rank, stored as its two factors. */
export const lowRank: MatrixMethod<Parameters> = {
  id: 'low-rank',
  title: 'Low rank',
  paper: 'Eckart and Young 1936, "The approximation of one matrix by another of lower rank"',
  summary:
    'Keeps the leading singular vectors as two thin matrices: the yardstick for the structured factorizations.',
  appliesTo: 'matrix',
  fields: {
    rank: {
      kind: 'number',
      label: 'Rank',
      min: 1,
      max: 4096,
      step: 1,
      default: 64,
      optional: true,
      help: 'Singular vectors kept. It saves bytes below out·in / (out + in).',
    },
    parametersKept: {
      kind: 'number',
      label: 'Parameters kept',
      min: 0.01,
      max: 1,
      step: 0.01,
      default: 0.5,
      optional: true,
      help: 'Share of the parameters that the two factors may hold; the rank follows. Instead of a rank.',
    },
  },
  schema,

  async compress({ name, shape, values }, parameters, context) {
    const [outputs, inputs] = shape;
    const rank = rankFor(name, shape, parameters);
    const { u, singularValues, v } = await truncatedSvd(matrixFrom(values, outputs, inputs), rank, context);
    // The roots of the singular values go to either side, so that both factors are of one size (and quantize alike).
    const roots = singularValues.map(Math.sqrt);
    const left = Float32Array.from(u.values, (value, index) => value * roots[index % rank]);
    const right = new Float32Array(rank * inputs);
    for (let k = 0; k < rank; k++) {
      for (let input = 0; input < inputs; input++)
        right[k * inputs + input] = v.values[input * rank + k] * roots[k];
    }
    return new LowRankWeight(
      DenseWeight.fromValues(left, [outputs, rank]),
      DenseWeight.fromValues(right, [rank, inputs]),
    );
  },
};

function rankFor(
  name: string,
  [outputs, inputs]: readonly [number, number],
  { rank, parametersKept }: Parameters,
): number {
  if ((rank === undefined) === (parametersKept === undefined)) {
    throw new RecipeError('low-rank takes either "rank" or "parametersKept", one of the two.');
  }
  const greatest = Math.min(outputs, inputs);
  if (rank !== undefined) {
    if (rank <= greatest) return rank;
    throw new RecipeError(
      `${name} is ${outputs}×${inputs} and has no rank of ${rank}; the greatest is ${greatest}.`,
    );
  }
  const affordable = Math.floor((parametersKept! * outputs * inputs) / (outputs + inputs));
  if (affordable >= 1) return Math.min(affordable, greatest);
  const least = (outputs + inputs) / (outputs * inputs);
  throw new RecipeError(
    `${parametersKept} of the parameters of ${name} do not hold one singular vector; the least share that does is ${least.toPrecision(3)}.`,
  );
}

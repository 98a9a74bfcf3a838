import { z } from 'zod';
import type { Matrix } from '../../linalg/matrix';
import { DenseWeight } from '../../weights/formats/dense-weight';
import { LowRankWeight } from '../../weights/formats/low-rank-weight';
import { parameter } from '../../parameters/parameter';
import { parametersKeptParameter } from './dimension-shares';
import { RecipeError } from '../method';

/** Parameters of every low-rank method: how large the two factors are. */
export const RANK_PARAMETERS = {
  rank: parameter(z.number().int().positive().optional(), {
    label: 'Rank',
    max: 4096,
    initial: 64,
    help: 'Number of singular vectors. Saves bytes below out·in / (out + in).',
  }),
  parametersKept: parametersKeptParameter('the two factors may hold; the rank follows. Instead of a rank.'),
};

export type RankParameters = z.infer<z.ZodObject<typeof RANK_PARAMETERS>>;

/**
 * The requested rank.
 * @param method id, for the message
 * @throws RecipeError where both or neither are given, or the rank exceeds the matrix's
 */
export function rankFor(
  method: string,
  name: string,
  [outputs, inputs]: readonly [number, number],
  { rank, parametersKept }: RankParameters,
): number {
  if ((rank === undefined) === (parametersKept === undefined)) {
    throw new RecipeError(`${method} takes exactly one of "rank" and "parametersKept".`);
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
    `${parametersKept} of the parameters of ${name} do not hold one singular vector; the least possible share is ${least.toPrecision(3)}.`,
  );
}

/**
 * The weight left · diag(factors) · right; each side receives the square roots of the factors, so that both quantize
 * alike.
 */
export function lowRankWeight(left: Matrix, factors: Float64Array, right: Matrix): LowRankWeight {
  const rank = factors.length;
  const roots = factors.map(Math.sqrt);
  const scaledLeft = Float32Array.from(left.values, (value, index) => value * roots[index % rank]);
  const scaledRight = Float32Array.from(
    right.values,
    (value, index) => value * roots[Math.floor(index / right.columns)],
  );
  return new LowRankWeight(
    DenseWeight.fromValues(scaledLeft, [left.rows, rank]),
    DenseWeight.fromValues(scaledRight, [rank, right.columns]),
  );
}

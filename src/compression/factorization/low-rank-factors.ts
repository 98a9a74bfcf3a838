import { z } from 'zod';
import type { Matrix } from '../../linalg/matrix';
import { DenseWeight } from '../../weights/formats/dense-weight';
import { LowRankWeight } from '../../weights/formats/low-rank-weight';
import { parametersKeptField } from './dimension-shares';
import { type ParameterField, RecipeError } from '../method';

/** How a recipe says how large the two factors are: part of the strict schema of every low-rank method. */
export const rankParameters = {
  rank: z.number().int().positive().optional(),
  parametersKept: z.number().positive().max(1).optional(),
};

export interface RankParameters {
  readonly rank?: number;
  readonly parametersKept?: number;
}

/** Their controls. */
export const rankFields: Readonly<Record<keyof RankParameters, ParameterField>> = {
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
  parametersKept: parametersKeptField('the two factors may hold; the rank follows. Instead of a rank.'),
};

/**
 * The rank that the parameters ask for.
 * @param method id, for the message
 * @throws RecipeError where both or neither are given, or the matrix has no such rank
 */
export function rankFor(
  method: string,
  name: string,
  [outputs, inputs]: readonly [number, number],
  { rank, parametersKept }: RankParameters,
): number {
  if ((rank === undefined) === (parametersKept === undefined)) {
    throw new RecipeError(`${method} takes either "rank" or "parametersKept", one of the two.`);
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

/** The weight left · diag(factors) · right; the roots of the factors go to either side, so that both quantize alike. */
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

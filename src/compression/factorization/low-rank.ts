import { z } from 'zod';
import { matrixFrom, transpose } from '../../linalg/matrix';
import { truncatedSvd } from '../../linalg/truncated-svd';
import { lowRankWeight, RANK_PARAMETERS, rankFor } from './low-rank-factors';
import type { MatrixMethod } from '../method';

const schema = z.strictObject(RANK_PARAMETERS);

type Parameters = z.infer<typeof schema>;

/** Truncated singular value decomposition: the best matrix of a rank, stored as its two factors. */
export const lowRank: MatrixMethod<Parameters> = {
  id: 'low-rank',
  title: 'Low rank',
  paper: 'Eckart and Young 1936, "The approximation of one matrix by another of lower rank"',
  summary:
    'Keeps the leading singular vectors as two thin matrices: the baseline for the structured factorizations.',
  appliesTo: 'matrix',
  schema,

  async compress({ name, shape, values }, parameters, context) {
    const rank = rankFor('low-rank', name, shape, parameters);
    const { u, singularValues, v } = await truncatedSvd(matrixFrom(values, ...shape), rank, context);
    return lowRankWeight(u, singularValues, transpose(v));
  },
};

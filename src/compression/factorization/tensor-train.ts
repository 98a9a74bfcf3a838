import { z } from 'zod';
import { matrixFrom } from '../../linalg/matrix';
import { type TensorTrainLimit, tensorTrainSvd } from '../../linalg/tensor-train';
import { TensorTrainWeight } from '../../weights/formats/tensor-train-weight';
import {
  divisorsInWords,
  divisorsOf,
  parametersKeptParameter,
  resolveSize,
  type Size,
  sizeSchema,
} from './dimension-shares';
import { type MatrixMethod, RecipeError } from '../method';
import { greatestRank, leastShare, rankKeeping } from './tensor-train-ranks';
import { parameter } from '../../parameters/parameter';

const sizes = z.union([z.literal('auto'), z.array(sizeSchema).min(1)]);

const schema = z.strictObject({
  rows: parameter(sizes.default('auto'), {
    label: 'Rows',
    placeholder: 'auto, [8, 8, 12], ["1/8", "8"]',
    help: 'Sizes whose product is the number of rows, one for each core; a fraction such as "1/8" is a share of the rows.',
  }),
  columns: parameter(sizes.default('auto'), {
    label: 'Columns',
    placeholder: 'auto, [4, 6, 8], ["1/8", "8"]',
    help: 'Sizes whose product is the number of columns, as many as for the rows.',
  }),
  maxRank: parameter(z.number().int().positive().optional(), {
    label: 'Greatest rank',
    max: 4096,
    initial: 32,
    help: 'Greatest rank between two cores.',
  }),
  relativeError: parameter(z.number().min(0).lt(1).optional(), {
    label: 'Relative error',
    step: 0.01,
    help: 'Bound on the error of each matrix; the ranks follow. Instead of a greatest rank.',
  }),
  parametersKept: parametersKeptParameter(
    'the cores may hold; the greatest rank follows. Instead of a greatest rank.',
  ),
});

type Parameters = z.infer<typeof schema>;

/** Number of cores of "auto" where both dimensions have as many prime factors; two otherwise. */
const AUTO_CORES = 3;

/** Tensor train of the matrix as a matrix product operator, by TT-SVD. */
export const tensorTrain: MatrixMethod<Parameters> = {
  id: 'tensor-train',
  title: 'Tensor train',
  paper:
    'Oseledets 2011, "Tensor-Train Decomposition", algorithm 1; Novikov et al. 2015, "Tensorizing Neural Networks", section 3',
  summary:
    'Splits rows and columns into small indices and stores a chain of cores, contracted in the cheapest order.',
  appliesTo: 'matrix',
  schema,

  async compress({ name, shape, values }, parameters, context) {
    const { rows, columns } = coresFor(name, shape, parameters);
    const limit = limitFor(name, rows, columns, parameters);
    const train = await tensorTrainSvd(matrixFrom(values, ...shape), rows, columns, limit, context);
    return TensorTrainWeight.fromCores(train.cores);
  },
};

/** @throws RecipeError unless exactly one limit is given and such a train exists */
function limitFor(
  name: string,
  rows: readonly number[],
  columns: readonly number[],
  { maxRank, relativeError, parametersKept }: Parameters,
): TensorTrainLimit {
  const limits = [maxRank, relativeError, parametersKept].filter((limit) => limit !== undefined);
  if (limits.length !== 1) {
    throw new RecipeError(
      'tensor-train takes exactly one of "maxRank", "relativeError" and "parametersKept".',
    );
  }
  if (relativeError !== undefined) return { relativeError };
  const modes = rows.map((row, index) => row * columns[index]);
  if (maxRank === undefined) {
    const rank = rankKeeping(parametersKept!, modes);
    if (rank >= 1) return { maxRank: rank };
    throw new RecipeError(
      `${parametersKept} of the parameters of ${name} do not hold a train of ${rows.join('·')} rows and ${columns.join('·')} columns; the least possible share is ${leastShare(modes).toPrecision(3)}.`,
    );
  }
  const greatest = greatestRank(modes);
  if (maxRank <= greatest) return { maxRank };
  throw new RecipeError(
    `${name} split into ${rows.join('·')} rows and ${columns.join('·')} columns has no rank of ${maxRank} between its cores; the greatest is ${greatest} (then it is exact).`,
  );
}

/** Rows and columns of the cores. If one of them is "auto" it has as many sizes as the other. */
function coresFor(
  name: string,
  [outputs, inputs]: readonly [number, number],
  parameters: Parameters,
): { rows: number[]; columns: number[] } {
  const explicit = [parameters.rows, parameters.columns].find((sizes) => sizes !== 'auto');
  const cores = explicit?.length ?? (mostFactors(outputs, inputs) >= AUTO_CORES ? AUTO_CORES : 2);
  const rows = sizesFor(name, 'rows', parameters.rows, outputs, cores);
  const columns = sizesFor(name, 'columns', parameters.columns, inputs, cores);
  if (rows.length === columns.length) return { rows, columns };
  throw new RecipeError(
    `"rows" has ${rows.length} sizes and "columns" ${columns.length} for ${name}; use the same number, one of each for every core.`,
  );
}

function sizesFor(
  name: string,
  what: 'rows' | 'columns',
  sizes: 'auto' | readonly Size[],
  dimension: number,
  cores: number,
): number[] {
  if (sizes === 'auto') return balancedFactors(dimension, cores);
  const resolved = sizes.map((size) => resolveSize(size, dimension, `${what} of ${name}`));
  const product = resolved.reduce((total, size) => total * size, 1);
  if (product === dimension) return resolved;
  throw new RecipeError(
    `The ${what} ${resolved.join(' · ')} = ${product} are not the ${dimension} of ${name}; choose among its divisors ${divisorsInWords(dimension)}.`,
  );
}

/** Number of factors above 1 into which both dimensions can be split. */
function mostFactors(...dimensions: number[]): number {
  return Math.min(...dimensions.map(primeFactors));
}

function primeFactors(value: number): number {
  const least = divisorsOf(value)[1];
  return least === undefined ? 0 : 1 + primeFactors(value / least);
}

/** Divisors whose product is the dimension, as equal as possible, ascending. */
export function balancedFactors(dimension: number, count: number): number[] {
  const factors: number[] = [];
  let rest = dimension;
  for (let left = count; left > 1; left--) {
    const ideal = rest ** (1 / left);
    const factor = divisorsOf(rest).reduce((best, candidate) =>
      Math.abs(Math.log(candidate / ideal)) < Math.abs(Math.log(best / ideal)) ? candidate : best,
    );
    factors.push(factor);
    rest /= factor;
  }
  return [...factors, rest].sort((left, right) => left - right);
}

import { kroneckerCost } from '../../weights/contraction-cost';
import { divisorsOf } from './dimension-shares';

type Shape = readonly [number, number];

/** Shapes whose one term takes so many times the parameters of the smallest are still looked at. */
const SLACK = 4 / 3;

/**
 * Shape of A where the recipe leaves it open: of those shapes that fit about the most terms into a budget (A and B of about
 * one size), the one that is applied with the fewest multiplications a parameter.
 *
 * On trained weights that is also about the least error for the budget. Half of the parameters of the demo GPT-2's
 * h.2.mlp.c_fc (768×192): A of 384×1 has a relative error of 0.32 at 0.75 of the dense multiplications, the most square
 * one, 24×16, 0.58 at 9 times as many.
 *
 * A column times a row is left to the method low-rank, which is just that, unless the matrix allows nothing else.
 */
export function automaticAShape([outputs, inputs]: Shape): Shape {
  const all = divisorsOf(outputs).flatMap((aRows) =>
    divisorsOf(inputs).map((aColumns) => candidate(outputs, inputs, aRows, aColumns)),
  );
  const proper = all.filter(({ isOuterProduct, isWhole }) => !isOuterProduct && !isWhole);
  const candidates = proper.length ? proper : all.filter(({ isWhole }) => !isWhole);
  const smallest = Math.min(...candidates.map(({ parameters }) => parameters));
  const [best] = candidates
    .filter(({ parameters }) => parameters <= SLACK * smallest)
    .sort((left, right) => left.cost - right.cost || right.aShape[0] - left.aShape[0]);
  return best?.aShape ?? [outputs, inputs];
}

function candidate(outputs: number, inputs: number, aRows: number, aColumns: number) {
  const shape = { terms: 1, aRows, aColumns, bRows: outputs / aRows, bColumns: inputs / aColumns };
  const parameters = aRows * aColumns + shape.bRows * shape.bColumns;
  const { multiplications } = (['a', 'b'] as const)
    .map((first) => kroneckerCost(shape, first))
    .reduce((left, right) => (right.multiplications < left.multiplications ? right : left));
  return {
    aShape: [aRows, aColumns] as const,
    parameters,
    cost: multiplications / parameters,
    isOuterProduct: (aColumns === 1 && shape.bRows === 1) || (aRows === 1 && shape.bColumns === 1),
    isWhole: aRows * aColumns === 1 || shape.bRows * shape.bColumns === 1,
  };
}

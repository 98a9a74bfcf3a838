import { kroneckerCost } from '../../weights/contraction-cost';
import { divisorsOf } from './dimension-shares';

type Shape = readonly [number, number];

/** Candidate shapes have a term of at most this multiple of the smallest term's parameters. */
const SLACK = 4 / 3;

/**
 * Default shape of A: among the shapes that fit about the most terms into a budget (A and B of about one size), the
 * one with the fewest multiplications per parameter.
 *
 * On trained weights this also gives about the least error for the budget. With half of the parameters of the demo
 * GPT-2's h.2.mlp.c_fc (768×192), A of 384×1 has a relative error of 0.32 at 0.75 of the dense multiplications, and
 * the most square one, 24×16, 0.58 at 9 times as many.
 *
 * A column times a row is the method low-rank, so it is used only if the matrix allows nothing else.
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

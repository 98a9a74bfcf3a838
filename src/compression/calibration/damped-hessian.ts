import type { Matrix } from '../../linalg/matrix';
import type { LinearStatistics } from './calibration';

/** The Hessian of a layer's squared error, ready to be factored. */
export interface DampedHessian {
  /** 2/tokens · Σ x xᵀ + damping, [in, in], float64, positive definite. */
  readonly matrix: Matrix;
  /** For each input 1 if it was 0 in every token, so that its weights do not affect the output. */
  readonly dead: Uint8Array;
}

/**
 * Damping as in the code of SparseGPT and GPTQ (Frantar and Alistarh 2023; Frantar et al. 2022, section 3, step 3): a
 * dead input gets 1 on the diagonal, and then the whole diagonal is raised by a share of its mean, so that an inverse
 * exists and its rounding errors stay small.
 *
 * @param statistics with `hessian`
 * @param damping share of the diagonal's mean, above 0
 */
export function dampedHessian(statistics: LinearStatistics, damping: number): DampedHessian {
  const sums = statistics.get('hessian');
  const width = Math.round(Math.sqrt(sums.length));
  const scale = 2 / statistics.tokens;
  const values = Float64Array.from(sums, (sum) => sum * scale);
  const dead = new Uint8Array(width);
  let trace = 0;
  for (let index = 0; index < width; index++) {
    const place = index * (width + 1);
    if (values[place] === 0) dead[index] = values[place] = 1;
    trace += values[place];
  }
  for (let index = 0; index < width; index++) values[index * (width + 1)] += (damping * trace) / width;
  return { matrix: { rows: width, columns: width, values }, dead };
}

/** Implicit QL sweep: rotation t acts in the plane of row `high` − 1 − t and the next row. */
export interface Sweep {
  readonly high: number;
  /** Alternating cosines and sines. */
  readonly rotations: Float64Array;
}

type Yield = (share: number) => Promise<void> | undefined;

const MAX_SWEEPS = 60;

/**
 * Eigenvalues of a symmetric tridiagonal matrix by implicit QL with Wilkinson's shifts (Golub and Van Loan, Matrix
 * Computations, 4th ed., section 8.3.3). Returns the sweeps, about 0.85 n² rotations in all, so that only the wanted
 * eigenvectors need be computed.
 *
 * @param d diagonal; becomes the eigenvalues, unordered
 * @param e off-diagonal, length n, the last 0; becomes 0
 */
export async function diagonalize(
  d: Float64Array,
  e: Float64Array,
  yieldToEventLoop: Yield,
): Promise<Sweep[]> {
  const sweeps: Sweep[] = [];
  // Relative to the whole matrix, not to neighbours: in a singular matrix those may be rounding themselves.
  const negligible =
    Number.EPSILON *
    d.reduce((most, value, index) => Math.max(most, Math.abs(value) + Math.abs(e[index])), 0);
  for (let low = 0; low < d.length; low++) {
    for (let attempt = 0; ; attempt++) {
      const high = firstNegligible(e, low, negligible);
      if (high === low) break;
      if (attempt === MAX_SWEEPS)
        throw new Error('The eigenvalue iteration did not converge; are the weights finite?');
      sweeps.push(sweepDown(d, e, low, high));
      await yieldToEventLoop(low / d.length);
    }
  }
  return sweeps;
}

/** Turns unit vectors, the columns of [n, width], into the eigenvectors of the tridiagonal matrix, last rotation first. */
export async function undoRotations(
  sweeps: readonly Sweep[],
  columns: Float64Array,
  width: number,
  yieldToEventLoop: Yield,
): Promise<void> {
  for (let index = sweeps.length - 1; index >= 0; index--) {
    const { high, rotations } = sweeps[index];
    for (let t = rotations.length / 2 - 1; t >= 0; t--) {
      const cosine = rotations[2 * t];
      const sine = rotations[2 * t + 1];
      const upper = (high - 1 - t) * width;
      const lower = upper + width;
      for (let column = 0; column < width; column++) {
        const f = columns[upper + column];
        const g = columns[lower + column];
        columns[upper + column] = cosine * f + sine * g;
        columns[lower + column] = cosine * g - sine * f;
      }
    }
    await yieldToEventLoop(1 - index / sweeps.length);
  }
}

function firstNegligible(e: Float64Array, low: number, negligible: number): number {
  let high = low;
  while (high < e.length - 1 && Math.abs(e[high]) > negligible) high++;
  return high;
}

/** Runs one implicit QL sweep over the unreduced block low..high. */
function sweepDown(d: Float64Array, e: Float64Array, low: number, high: number): Sweep {
  const rotations = new Float64Array(2 * (high - low));
  const slope = (d[low + 1] - d[low]) / (2 * e[low]);
  const root = Math.hypot(slope, 1);
  let bulge = d[high] - d[low] + e[low] / (slope + (slope >= 0 ? root : -root));
  let [cosine, sine, shift] = [1, 1, 0];
  for (let index = high - 1; index >= low; index--) {
    const f = sine * e[index];
    const b = cosine * e[index];
    const radius = Math.hypot(f, bulge);
    e[index + 1] = radius;
    if (radius === 0) {
      // The block splits here; the next sweep continues with its parts.
      d[index + 1] -= shift;
      e[high] = 0;
      return { high, rotations: rotations.subarray(0, 2 * (high - 1 - index)) };
    }
    sine = f / radius;
    cosine = bulge / radius;
    const g = d[index + 1] - shift;
    const r = (d[index] - g) * sine + 2 * cosine * b;
    shift = sine * r;
    d[index + 1] = g + shift;
    bulge = cosine * r - b;
    rotations[2 * (high - 1 - index)] = cosine;
    rotations[2 * (high - 1 - index) + 1] = sine;
  }
  d[low] -= shift;
  e[low] = bulge;
  e[high] = 0;
  return { high, rotations };
}

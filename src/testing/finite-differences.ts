/** Step size at which rounding in float64 and the third derivative contribute about equally. */
const STEP = 1e-5;

/** Partial derivatives of a function by central differences in float64. */
export function derivatives(of: (x: Float64Array) => number, at: Float64Array): Float64Array {
  return at.map((value, index) => {
    const moved = at.slice();
    moved[index] = value + STEP;
    const above = of(moved);
    moved[index] = value - STEP;
    return (above - of(moved)) / (2 * STEP);
  });
}

/** Reference x · Wᵀ in float64 for kernel tests: x [tokens, in], W [out, in], both row-major. */
export function referenceMatmul(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  [tokens, inputs, outputs]: readonly [number, number, number],
): Float64Array {
  const y = new Float64Array(tokens * outputs);
  for (let token = 0; token < tokens; token++) {
    for (let output = 0; output < outputs; output++) {
      let sum = 0;
      for (let input = 0; input < inputs; input++) {
        sum += x[token * inputs + input] * weight[output * inputs + input];
      }
      y[token * outputs + output] = sum;
    }
  }
  return y;
}

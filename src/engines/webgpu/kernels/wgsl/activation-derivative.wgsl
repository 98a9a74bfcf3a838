// `derivative(value)`: of the activation function that the constant ACTIVATION names; included after activation.wgsl.
const INVERSE_SQRT_TWO_PI = 0.3989422804014327;

fn derivative(value: f32) -> f32 {
  switch (ACTIVATION) {
    case 1: {
      let distribution = 0.5 * (1.0 + erf(value * SQRT_HALF));
      return distribution + value * INVERSE_SQRT_TWO_PI * exp(-0.5 * value * value);
    }
    case 2: {
      let square = value * value;
      let inner = SQRT_TWO_OVER_PI * value * (1.0 + 0.044715 * square);
      let t = tanh(clamp(inner, -15.0, 15.0));
      let slope = SQRT_TWO_OVER_PI * (1.0 + 0.134145 * square);
      return 0.5 * (1.0 + t) + 0.5 * value * (1.0 - t * t) * slope;
    }
    case 3: { return select(0.0, 1.0, value > 0.0); }
    case 4: {
      let t = tanh(clamp(value, -15.0, 15.0));
      return 1.0 - t * t;
    }
    default: { return 1.0; }
  }
}

// y = activation(x + bias) + residual, in one pass.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read> residual: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

struct Uniforms {
  width: u32,
}
@group(0) @binding(4) var<uniform> uniforms: Uniforms;

const SQRT_HALF = 0.7071067811865476;
const SQRT_TWO_OVER_PI = 0.7978845608028654;

// Rational approximations on four intervals, coefficients as tabulated in fdlibm's s_erf.c, evaluated in f32.
fn erf(value: f32) -> f32 {
  let a = abs(value);
  if (a < 0.84375) {
    let z = value * value;
    let numerator = 1.28379167095512558561e-01 + z * (-3.25042107247001499370e-01 + z * (-2.84817495755985104766e-02
      + z * (-5.77027029648944159157e-03 + z * -2.37630166566501626084e-05)));
    let denominator = 1.0 + z * (3.97917223959155352819e-01 + z * (6.50222499887672944485e-02
      + z * (5.08130628187576562776e-03 + z * (1.32494738004321644526e-04 + z * -3.96022827877536812320e-06))));
    return value + value * (numerator / denominator);
  }
  if (a < 1.25) {
    let s = a - 1.0;
    let numerator = -2.36211856075265944077e-03 + s * (4.14856118683748331666e-01 + s * (-3.72207876035701323847e-01
      + s * (3.18346619901161753674e-01 + s * (-1.10894694282396677476e-01 + s * (3.54783043256182359371e-02
      + s * -2.16637559486879084300e-03)))));
    let denominator = 1.0 + s * (1.06420880400844228286e-01 + s * (5.40397917702171048937e-01
      + s * (7.18286544141962662868e-02 + s * (1.26171219808761642112e-01 + s * (1.36370839120290507362e-02
      + s * 1.19844998467991074170e-02)))));
    return sign(value) * (8.45062911510467529297e-01 + numerator / denominator);
  }
  if (a >= 4.0) {
    return sign(value);
  }
  let t = 1.0 / (value * value);
  var r = 0.0;
  var q = 1.0;
  if (a < 2.857142857) {
    r = -9.86494403484714822705e-03 + t * (-6.93858572707181764372e-01 + t * (-1.05586262253232909814e+01
      + t * (-6.23753324503260060396e+01 + t * (-1.62396669462573470355e+02 + t * (-1.84605092906711035994e+02
      + t * (-8.12874355063065934246e+01 + t * -9.81432934416914548592e+00))))));
    q = 1.0 + t * (1.96512716674392571292e+01 + t * (1.37657754143519042600e+02 + t * (4.34565877475229228821e+02
      + t * (6.45387271733267880336e+02 + t * (4.29008140027567833386e+02 + t * (1.08635005541779435134e+02
      + t * (6.57024977031928170135e+00 + t * -6.04244152148580987438e-02)))))));
  } else {
    r = -9.86494292470009928597e-03 + t * (-7.99283237680523006574e-01 + t * (-1.77579549177547519889e+01
      + t * (-1.60636384855821916062e+02 + t * (-6.37566443368389627722e+02 + t * (-1.02509513161107724954e+03
      + t * -4.83519191608651397019e+02)))));
    q = 1.0 + t * (3.03380607434824582924e+01 + t * (3.25792512996573918826e+02 + t * (1.53672958608443695994e+03
      + t * (3.19985821950859553908e+03 + t * (2.55305040643316442583e+03 + t * (4.74528541206955367215e+02
      + t * -2.24409524465858183362e+01))))));
  }
  return sign(value) * (1.0 - exp(-a * a - 0.5625 + r / q) / a);
}

fn activate(value: f32) -> f32 {
  switch (ACTIVATION) {
    case 1: { return 0.5 * value * (1.0 + erf(value * SQRT_HALF)); }
    case 2: {
      // tanh overflows in some drivers beyond about 40.
      let inner = SQRT_TWO_OVER_PI * (value + 0.044715 * value * value * value);
      return 0.5 * value * (1.0 + tanh(clamp(inner, -15.0, 15.0)));
    }
    case 3: { return max(value, 0.0); }
    case 4: { return tanh(clamp(value, -15.0, 15.0)); }
    default: { return value; }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= uniforms.width) {
    return;
  }
  let index = id.y * uniforms.width + column;
  var value = activate(x[index] + bias[column]);
  if (HAS_RESIDUAL) {
    value += residual[index];
  }
  y[index] = value;
}

// y[token, output] = sum over inputs of x[token, input] * w[output, input], with w decoded four weights at a time by the
// `Cursor` of its form. Each invocation makes 4 tokens x 2 outputs, so that a decoded quad is used four times.
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

struct Uniforms {
  tokens: u32,
  width: u32,
  outputs: u32,
}
@group(0) @binding(7) var<uniform> uniforms: Uniforms;

fn writeTokens(token: u32, output: u32, sums: vec4f) {
  for (var t = 0u; t < 4u; t++) {
    if (token + t < uniforms.tokens && output < uniforms.outputs) {
      y[(token + t) * uniforms.outputs + output] = sums[t];
    }
  }
}

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let output = id.x * 2u;
  let token = id.y * 4u;
  if (output >= uniforms.outputs || token >= uniforms.tokens) {
    return;
  }
  // Past the edge the last row is computed again and not written.
  let lastToken = uniforms.tokens - 1u;
  let token1 = min(token + 1u, lastToken);
  let token2 = min(token + 2u, lastToken);
  let token3 = min(token + 3u, lastToken);
  var first = openRow(output, 0u);
  var second = openRow(min(output + 1u, uniforms.outputs - 1u), 0u);
  var firstSums = vec4f();
  var secondSums = vec4f();
  let quads = (uniforms.width + 3u) / 4u;
  for (var quad = 0u; quad < quads; quad++) {
    let w0 = nextQuad(&first);
    let w1 = nextQuad(&second);
    let x0 = inputQuad(token, quad);
    let x1 = inputQuad(token1, quad);
    let x2 = inputQuad(token2, quad);
    let x3 = inputQuad(token3, quad);
    firstSums += vec4f(dot(x0, w0), dot(x1, w0), dot(x2, w0), dot(x3, w0));
    secondSums += vec4f(dot(x0, w1), dot(x1, w1), dot(x2, w1), dot(x3, w1));
  }
  writeTokens(token, output, firstSums);
  writeTokens(token, output + 1u, secondSums);
}

// y[token, output] = sum over inputs of x[token, input] * w[output, input], with w decoded four weights at a time by the
// `Cursor` of its form. Each invocation makes 8 tokens x 2 outputs, so that a decoded quad is used eight times.
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
  let token = id.y * 8u;
  if (output >= uniforms.outputs || token >= uniforms.tokens) {
    return;
  }
  // Past the edge the last row is computed again and not written.
  let near = min(vec4u(token) + vec4u(0u, 1u, 2u, 3u), vec4u(uniforms.tokens - 1u));
  let far = min(vec4u(token) + vec4u(4u, 5u, 6u, 7u), vec4u(uniforms.tokens - 1u));
  var first = openRow(output, 0u);
  var second = openRow(min(output + 1u, uniforms.outputs - 1u), 0u);
  var firstNear = vec4f();
  var firstFar = vec4f();
  var secondNear = vec4f();
  var secondFar = vec4f();
  let quads = (uniforms.width + 3u) / 4u;
  for (var quad = 0u; quad < quads; quad++) {
    let w0 = nextQuad(&first);
    let w1 = nextQuad(&second);
    let x0 = inputQuad(near.x, quad);
    let x1 = inputQuad(near.y, quad);
    let x2 = inputQuad(near.z, quad);
    let x3 = inputQuad(near.w, quad);
    firstNear += vec4f(dot(x0, w0), dot(x1, w0), dot(x2, w0), dot(x3, w0));
    secondNear += vec4f(dot(x0, w1), dot(x1, w1), dot(x2, w1), dot(x3, w1));
    let x4 = inputQuad(far.x, quad);
    let x5 = inputQuad(far.y, quad);
    let x6 = inputQuad(far.z, quad);
    let x7 = inputQuad(far.w, quad);
    firstFar += vec4f(dot(x4, w0), dot(x5, w0), dot(x6, w0), dot(x7, w0));
    secondFar += vec4f(dot(x4, w1), dot(x5, w1), dot(x6, w1), dot(x7, w1));
  }
  writeTokens(token, output, firstNear);
  writeTokens(token, output + 1u, secondNear);
  writeTokens(token + 4u, output, firstFar);
  writeTokens(token + 4u, output + 1u, secondFar);
}

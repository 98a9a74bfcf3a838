// As decoded-matmul for few tokens: one invocation a token and output.
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

struct Uniforms {
  tokens: u32,
  width: u32,
  outputs: u32,
}
@group(0) @binding(7) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let output = id.x;
  let token = id.y;
  if (output >= uniforms.outputs) {
    return;
  }
  var cursor = openRow(output, 0u);
  var sums = vec4f();
  let quads = (uniforms.width + 3u) / 4u;
  for (var quad = 0u; quad < quads; quad++) {
    sums += inputQuad(token, quad) * nextQuad(&cursor);
  }
  y[token * uniforms.outputs + output] = sums.x + sums.y + sums.z + sums.w;
}

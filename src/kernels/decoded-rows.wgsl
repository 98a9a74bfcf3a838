// y[n] = row ids[n] of the matrix; one invocation a row, since a sparse row is read from its start.
@group(0) @binding(0) var<storage, read> ids: array<i32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

struct Uniforms {
  count: u32,
  width: u32,
}
@group(0) @binding(7) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= uniforms.count) {
    return;
  }
  var cursor = openRow(u32(ids[id.x]));
  let quads = (uniforms.width + 3u) / 4u;
  for (var quad = 0u; quad < quads; quad++) {
    let weights = nextQuad(&cursor);
    for (var k = 0u; k < 4u; k++) {
      if (quad * 4u + k < uniforms.width) {
        y[id.x * uniforms.width + quad * 4u + k] = weights[k];
      }
    }
  }
}

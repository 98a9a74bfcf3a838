// squares[offset + n] = sum of the squares of every strideth lane of x from n on.
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read_write> squares: array<f32>;

struct Uniforms {
  lanes: u32,
  offset: u32,
  stride: u32,
}
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var sum = Lane();
  for (var index = id.x; index < uniforms.lanes; index += uniforms.stride) {
    sum += x[index] * x[index];
  }
  squares[uniforms.offset + id.x] = horizontal(sum);
}

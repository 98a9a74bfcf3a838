// squares[offset + n] = sum of the squares of every strideth lane of x from n on.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var sum = Lane();
  for (var index = id.x; index < uniforms.lanes; index += uniforms.stride) {
    sum += x[index] * x[index];
  }
  squares[uniforms.offset + id.x] = horizontal(sum);
}

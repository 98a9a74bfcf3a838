// y = finish(x): an epilogue in a separate pass.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= uniforms.width) {
    return;
  }
  let index = id.y * uniforms.width + column;
  y[index] = finish(x[index], column, index);
}

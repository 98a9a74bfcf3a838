// Layer norm as in layer-norm.wgsl with one subgroup per row: no barrier, and four columns at a time. A barrier costs a software adapter as
// much as a hundred columns.
@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.y * workgroups.x + workgroup.x;
  if (index >= uniforms.rows) {
    return;
  }
  let quads = uniforms.width / 4u;
  let row = index * quads;
  var sum = vec4f();
  for (var quad = lane; quad < quads; quad += LANES) {
    sum += x[row + quad];
  }
  let mean = subgroupAdd(dot(sum, vec4f(1.0))) / f32(uniforms.width);
  var squares = 0.0;
  for (var quad = lane; quad < quads; quad += LANES) {
    let difference = x[row + quad] - vec4f(mean);
    squares += dot(difference, difference);
  }
  let variance = subgroupAdd(squares) / f32(uniforms.width);
  let factor = inverseSqrt(variance + uniforms.epsilon);
  for (var quad = lane; quad < quads; quad += LANES) {
    y[row + quad] = (x[row + quad] - vec4f(mean)) * factor * scale[quad] + shift[quad];
  }
}

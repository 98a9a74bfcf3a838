// y = x / sqrt(mean(x²) + epsilon) * scale, over each row; one workgroup a row.
var<workgroup> squares: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = workgroup.y * workgroups.x + workgroup.x;
  if (row >= uniforms.rows) {
    return;
  }
  let start = row * uniforms.width;
  var own = 0.0;
  for (var column = thread; column < uniforms.width; column += THREADS) {
    own += x[start + column] * x[start + column];
  }
  squares[thread] = own;
  workgroupBarrier();
  var sum = 0.0;
  for (var part = 0u; part < THREADS; part++) {
    sum += squares[part];
  }
  let factor = inverseSqrt(sum / f32(uniforms.width) + uniforms.epsilon);
  for (var column = thread; column < uniforms.width; column += THREADS) {
    y[start + column] = x[start + column] * factor * scale[column];
  }
}

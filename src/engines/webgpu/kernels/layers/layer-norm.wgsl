// y = (x - mean) / sqrt(variance + epsilon) * scale + shift, over each row; one workgroup per row.

// Few invocations and plain sums of their parts: barriers cost more than additions, on software adapters above all.
const THREADS = 16u;
var<workgroup> sums: array<f32, THREADS>;
var<workgroup> squareSums: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = workgroup.y * workgroups.x + workgroup.x;
  if (index >= uniforms.rows) {
    return;
  }
  let row = index * uniforms.width;
  var sum = 0.0;
  for (var column = thread; column < uniforms.width; column += THREADS) {
    sum += x[row + column];
  }
  sums[thread] = sum;
  workgroupBarrier();
  var mean = 0.0;
  for (var part = 0u; part < THREADS; part++) {
    mean += sums[part];
  }
  mean /= f32(uniforms.width);
  var squares = 0.0;
  for (var column = thread; column < uniforms.width; column += THREADS) {
    let difference = x[row + column] - mean;
    squares += difference * difference;
  }
  squareSums[thread] = squares;
  workgroupBarrier();
  var variance = 0.0;
  for (var part = 0u; part < THREADS; part++) {
    variance += squareSums[part];
  }
  variance /= f32(uniforms.width);
  let factor = inverseSqrt(variance + uniforms.epsilon);
  for (var column = thread; column < uniforms.width; column += THREADS) {
    y[row + column] = (x[row + column] - mean) * factor * scale[column] + shift[column];
  }
}

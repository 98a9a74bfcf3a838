// moments[row] = mean and (variance + epsilon)^-1/2 of x[row]; included before row-threads.wgsl.
fn ofRow(row: u32, thread: u32, local: u32) {
  let lanes = uniforms.width / LANE_COLUMNS;
  let start = row * lanes;
  var sum = Lane();
  for (var lane = thread; lane < lanes; lane += THREADS) {
    sum += x[start + lane];
  }
  let mean = overRow(local, horizontal(sum)) / f32(uniforms.width);
  var squares = Lane();
  for (var lane = thread; lane < lanes; lane += THREADS) {
    let difference = x[start + lane] - mean;
    squares += difference * difference;
  }
  let variance = overRow(local, horizontal(squares)) / f32(uniforms.width);
  if (thread == 0u) {
    moments[row] = vec2f(mean, inverseSqrt(variance + uniforms.epsilon));
  }
}

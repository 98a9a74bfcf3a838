// y = (g - mean(g) - normalized * mean(g * normalized)) / deviation over each row, with g = change * scale and moments as
// row-moments.wgsl gives them; included before row-threads.wgsl.
fn ofRow(row: u32, thread: u32, local: u32) {
  let lanes = uniforms.width / LANE_COLUMNS;
  let start = row * lanes;
  let mean = moments[row].x;
  let inverseDeviation = moments[row].y;
  var sum = Lane();
  var productSum = Lane();
  for (var lane = thread; lane < lanes; lane += THREADS) {
    let g = change[start + lane] * scale[lane];
    sum += g;
    productSum += g * (x[start + lane] - mean);
  }
  let meanChange = overRow(local, horizontal(sum)) / f32(uniforms.width);
  let slope = overRow(local, horizontal(productSum)) * inverseDeviation * inverseDeviation / f32(uniforms.width);
  for (var lane = thread; lane < lanes; lane += THREADS) {
    let g = change[start + lane] * scale[lane];
    y[start + lane] = (g - meanChange - (x[start + lane] - mean) * slope) * inverseDeviation;
  }
}

// y = (g - mean(g) - normalized * mean(g * normalized)) / deviation over each row, with g = change * scale and moments as
// row-moments.wgsl gives them; included before row-threads.wgsl.
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> moments: array<vec2f>;
@group(0) @binding(2) var<storage, read> scale: array<Lane>;
@group(0) @binding(3) var<storage, read> change: array<Lane>;
@group(0) @binding(4) var<storage, read_write> y: array<Lane>;

struct Uniforms {
  rows: u32,
  width: u32,
}
@group(0) @binding(5) var<uniform> uniforms: Uniforms;

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

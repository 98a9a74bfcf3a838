// y = (x - mean) / sqrt(variance + epsilon) * scale + shift, over each row; one workgroup a row.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> shift: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

struct Uniforms {
  width: u32,
  epsilon: f32,
}
@group(0) @binding(4) var<uniform> uniforms: Uniforms;

const THREADS = 64u;
var<workgroup> parts: array<f32, THREADS>;

fn sumOverRow(thread: u32, value: f32) -> f32 {
  parts[thread] = value;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) {
      parts[thread] += parts[thread + half];
    }
    workgroupBarrier();
  }
  let total = parts[0];
  workgroupBarrier();
  return total;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x * uniforms.width;
  var sum = 0.0;
  for (var column = thread; column < uniforms.width; column += THREADS) {
    sum += x[row + column];
  }
  let mean = sumOverRow(thread, sum) / f32(uniforms.width);
  var squares = 0.0;
  for (var column = thread; column < uniforms.width; column += THREADS) {
    let difference = x[row + column] - mean;
    squares += difference * difference;
  }
  let variance = sumOverRow(thread, squares) / f32(uniforms.width);
  let factor = inverseSqrt(variance + uniforms.epsilon);
  for (var column = thread; column < uniforms.width; column += THREADS) {
    y[row + column] = (x[row + column] - mean) * factor * scale[column] + shift[column];
  }
}

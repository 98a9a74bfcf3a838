// y[n, column] = left[n, column / RIGHT_INDICES, :] . right[n, column % RIGHT_INDICES, :], the two tables of a train.
@group(0) @binding(0) var<storage, read> halves: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

struct Uniforms {
  count: u32,
}
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (workgroup.y * workgroups.x + workgroup.x) * 64u + local;
  if (index >= uniforms.count * WIDTH) {
    return;
  }
  let first = index / WIDTH * (LEFT_INDICES + RIGHT_INDICES);
  let column = index % WIDTH;
  let left = (first + column / RIGHT_INDICES) * RANK_LANES;
  let right = (first + LEFT_INDICES + column % RIGHT_INDICES) * RANK_LANES;
  var sum = Lane();
  for (var lane = 0u; lane < RANK_LANES; lane++) {
    sum += halves[left + lane] * halves[right + lane];
  }
  y[index] = horizontal(sum);
}

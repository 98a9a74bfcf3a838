// found[n, k] = scale * digit(ids[n]) + k * step.
@group(0) @binding(0) var<storage, read> ids: array<i32>;
@group(0) @binding(1) var<storage, read_write> found: array<i32>;

struct Uniforms {
  elements: u32,
  count: u32,
  below: i32,
  size: i32,
  scale: i32,
  step: i32,
}
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (workgroup.y * workgroups.x + workgroup.x) * 64u + local;
  if (index >= uniforms.elements) {
    return;
  }
  let digit = ids[index / uniforms.count] / uniforms.below % uniforms.size;
  found[index] = digit * uniforms.scale + i32(index % uniforms.count) * uniforms.step;
}

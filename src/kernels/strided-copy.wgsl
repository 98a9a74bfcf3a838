// destination[i0, i1, i2, i3] = source[i0, i1, i2, i3], each side with strides of its own.
@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> destination: array<f32>;

struct Uniforms {
  size0: u32,
  size1: u32,
  size2: u32,
  size3: u32,
  source0: u32,
  source1: u32,
  source2: u32,
  source3: u32,
  destination0: u32,
  destination1: u32,
  destination2: u32,
  destination3: u32,
}
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (workgroup.y * workgroups.x + workgroup.x) * 64u + local;
  let box = uniforms.size1 * uniforms.size2 * uniforms.size3;
  if (index >= uniforms.size0 * box) {
    return;
  }
  let i0 = index / box;
  let i3 = index % uniforms.size3;
  let i2 = index / uniforms.size3 % uniforms.size2;
  let i1 = index / (uniforms.size3 * uniforms.size2) % uniforms.size1;
  destination[i0 * uniforms.destination0 + i1 * uniforms.destination1 + i2 * uniforms.destination2 + i3 * uniforms.destination3] =
    source[i0 * uniforms.source0 + i1 * uniforms.source1 + i2 * uniforms.source2 + i3 * uniforms.source3];
}

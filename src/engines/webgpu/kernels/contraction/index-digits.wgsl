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

fn element(index: u32) {
  let digit = ids[index / uniforms.count] / uniforms.below % uniforms.size;
  found[index] = digit * uniforms.scale + i32(index % uniforms.count) * uniforms.step;
}

// found[n] = entry(ids[n]).
@group(0) @binding(0) var<storage, read> ids: array<i32>;
@group(0) @binding(1) var<storage, read> permutation: array<u32>;
@group(0) @binding(2) var<storage, read_write> found: array<i32>;

struct Uniforms {
  count: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  found[index] = i32(entry(u32(ids[index])));
}

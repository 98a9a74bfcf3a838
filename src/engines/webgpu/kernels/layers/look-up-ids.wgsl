// y[index] = table[ids[index]]
@group(0) @binding(0) var<storage, read> ids: array<i32>;
@group(0) @binding(1) var<storage, read> table: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<i32>;

struct Uniforms {
  elements: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  y[index] = table[ids[index]];
}

// y + factor · x in place of y; an invocation a lane of a tensor.
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<Lane>;

struct Uniforms {
  lanes: u32,
  factor: f32,
}
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  y[index] += uniforms.factor * x[index];
}

// y[b, m, (j, r)] = sum over k of left[b, m, k] * right[b, k, j, r], right with strides of its own. One result an invocation.
@group(0) @binding(0) var<storage, read> left: array<f32>;
@group(0) @binding(1) var<storage, read> right: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

struct Uniforms {
  elements: u32,
  rows: u32,
  terms: u32,
  outer: u32,
  inner: u32,
  leftBatch: u32,
  leftRow: u32,
  leftTerm: u32,
  rightBatch: u32,
  rightTerm: u32,
  rightOuter: u32,
  rightInner: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  let inner = index % uniforms.inner;
  let outer = index / uniforms.inner % uniforms.outer;
  let row = index / (uniforms.inner * uniforms.outer) % uniforms.rows;
  let batch = index / (uniforms.inner * uniforms.outer * uniforms.rows);
  var l = batch * uniforms.leftBatch + row * uniforms.leftRow;
  var r = batch * uniforms.rightBatch + outer * uniforms.rightOuter + inner * uniforms.rightInner;
  var sum = 0.0;
  for (var k = 0u; k < uniforms.terms; k++) {
    sum += left[l] * right[r];
    l += uniforms.leftTerm;
    r += uniforms.rightTerm;
  }
  y[index] = sum;
}

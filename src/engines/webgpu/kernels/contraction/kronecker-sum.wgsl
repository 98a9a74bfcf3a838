// W[(i, p), (j, q)] = Σ_k A[i, k, j] · B[k, p, q]. One element an invocation.
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

struct Uniforms {
  elements: u32,
  terms: u32,
  aColumns: u32,
  bRows: u32,
  bColumns: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  let columns = uniforms.aColumns * uniforms.bColumns;
  let row = index / columns;
  let column = index % columns;
  var ofA = row / uniforms.bRows * uniforms.terms * uniforms.aColumns + column / uniforms.bColumns;
  var ofB = row % uniforms.bRows * uniforms.bColumns + column % uniforms.bColumns;
  var sum = 0.0;
  for (var k = 0u; k < uniforms.terms; k++) {
    sum += a[ofA] * b[ofB];
    ofA += uniforms.aColumns;
    ofB += uniforms.bRows * uniforms.bColumns;
  }
  y[index] = sum;
}

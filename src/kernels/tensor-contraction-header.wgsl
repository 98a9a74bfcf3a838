// y[g, m, n] = sum over k of factor[m, k] * x[g, k, n], each of m and k an index pair with strides of its own, so that the
// permutations between the products of a factorized weight cost no pass of their own.
@group(0) @binding(0) var<storage, read> factor: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

struct Uniforms {
  // Pairs (g, n): position = g * columns + n.
  positions: u32,
  rows: u32,
  columns: u32,
  outerTerms: u32,
  innerTerms: u32,
  // m = outer * rowInner + inner.
  rowInner: u32,
  factorRowOuter: u32,
  factorRowInner: u32,
  factorTermOuter: u32,
  factorTermInner: u32,
  xGroup: u32,
  xTermOuter: u32,
  xTermInner: u32,
  xColumn: u32,
  yGroup: u32,
  yRow: u32,
  yColumn: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

fn factorStart(row: u32) -> u32 {
  return row / uniforms.rowInner * uniforms.factorRowOuter + row % uniforms.rowInner * uniforms.factorRowInner;
}

fn xStart(position: u32) -> u32 {
  return position / uniforms.columns * uniforms.xGroup + position % uniforms.columns * uniforms.xColumn;
}

fn yStart(position: u32) -> u32 {
  return position / uniforms.columns * uniforms.yGroup + position % uniforms.columns * uniforms.yColumn;
}

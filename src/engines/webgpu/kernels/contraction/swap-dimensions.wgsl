// y[i, k, j, l] = x[i, j, k, l]. One element of y an invocation; the outermost dimension needs no size.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

struct Uniforms {
  elements: u32,
  sizeJ: u32,
  sizeK: u32,
  sizeL: u32,
}
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  let l = index % uniforms.sizeL;
  let j = index / uniforms.sizeL % uniforms.sizeJ;
  let k = index / (uniforms.sizeL * uniforms.sizeJ) % uniforms.sizeK;
  let i = index / (uniforms.sizeL * uniforms.sizeJ * uniforms.sizeK);
  y[index] = x[((i * uniforms.sizeJ + j) * uniforms.sizeK + k) * uniforms.sizeL + l];
}

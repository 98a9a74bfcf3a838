// found[n, k] = scale * digit(ids[n]) + k * step.
fn element(index: u32) {
  let digit = ids[index / uniforms.count] / uniforms.below % uniforms.size;
  found[index] = digit * uniforms.scale + i32(index % uniforms.count) * uniforms.step;
}

// Rounds each block of a row to codes of 8 bits with a scale of its own, a power of two: y = 2^shift · code, where the shift is
// the least for which all codes lie within −127 and 127.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= uniforms.blocks) {
    return;
  }
  let first = id.x * uniforms.blockSize;
  let begin = id.y * uniforms.width + first;
  let end = begin + min(uniforms.blockSize, uniforms.width - first);
  var greatest = 0.0;
  for (var index = begin; index < end; index++) {
    greatest = max(greatest, abs(x[index]));
  }
  let shift = shiftFor(greatest);
  for (var index = begin; index < end; index++) {
    y[index] = onGrid(x[index], shift);
  }
}

// Heads of one role between [batch, length, stride] and [batch, heads, length, headWidth]; one lane of a head per invocation. The
// constant SPLIT says which way.
fn element(index: u32) {
  let column = index % uniforms.headWidth;
  let row = index / uniforms.headWidth;
  let position = row % uniforms.length;
  let head = row / uniforms.length % uniforms.heads;
  let sequence = row / (uniforms.length * uniforms.heads);
  let token = sequence * uniforms.length + position;
  let joined = token * uniforms.stride + uniforms.offset + head * uniforms.headWidth + column;
  if (SPLIT) {
    y[index] = x[joined];
  } else {
    y[joined] = x[index];
  }
}

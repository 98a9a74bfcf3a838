// Heads of one role between [batch, length, stride] and [batch, heads, length, headWidth]; an invocation a lane of a head. The
// constant SPLIT says which way.
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<Lane>;

// Widths and offsets count lanes.
struct Uniforms {
  elements: u32,
  length: u32,
  heads: u32,
  headWidth: u32,
  // Where the role begins in a row.
  offset: u32,
  stride: u32,
}
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

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

// y[n] = row ids[n] of the matrix; each invocation writes a span of eight quads, 32 columns.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let spans = (uniforms.width + 31u) / 32u;
  let n = id.x / spans;
  if (n >= uniforms.count) {
    return;
  }
  let firstQuad = id.x % spans * 8u;
  var cursor = openRow(u32(ids[n]), firstQuad);
  let end = min(firstQuad + 8u, (uniforms.width + 3u) / 4u);
  for (var quad = firstQuad; quad < end; quad++) {
    let weights = nextQuad(&cursor);
    for (var k = 0u; k < 4u; k++) {
      if (quad * 4u + k < uniforms.width) {
        y[n * uniforms.width + quad * 4u + k] = weights[k];
      }
    }
  }
}

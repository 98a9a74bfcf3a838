// Four rows at four positions an invocation, so that what is loaded is used four times.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (workgroup.y * workgroups.x + workgroup.x) * 64u + local;
  let rowTiles = (uniforms.rows + 3u) / 4u;
  let positionTiles = (uniforms.positions + 3u) / 4u;
  if (index >= rowTiles * positionTiles) {
    return;
  }
  let row = index / positionTiles * 4u;
  let position = index % positionTiles * 4u;
  // Past the edge the last row or position is computed again and not written.
  let lastRow = uniforms.rows - 1u;
  let lastPosition = uniforms.positions - 1u;
  let f = vec4u(
    factorStart(row),
    factorStart(min(row + 1u, lastRow)),
    factorStart(min(row + 2u, lastRow)),
    factorStart(min(row + 3u, lastRow)),
  );
  let v = vec4u(
    xStart(position),
    xStart(min(position + 1u, lastPosition)),
    xStart(min(position + 2u, lastPosition)),
    xStart(min(position + 3u, lastPosition)),
  );
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var outer = 0u; outer < uniforms.outerTerms; outer++) {
    var factorOffset = outer * uniforms.factorTermOuter;
    var xOffset = outer * uniforms.xTermOuter;
    for (var inner = 0u; inner < uniforms.innerTerms; inner++) {
      let values = vec4f(x[v.x + xOffset], x[v.y + xOffset], x[v.z + xOffset], x[v.w + xOffset]);
      sum0 += factor[f.x + factorOffset] * values;
      sum1 += factor[f.y + factorOffset] * values;
      sum2 += factor[f.z + factorOffset] * values;
      sum3 += factor[f.w + factorOffset] * values;
      factorOffset += uniforms.factorTermInner;
      xOffset += uniforms.xTermInner;
    }
  }
  for (var k = 0u; k < 4u && position + k < uniforms.positions; k++) {
    let start = yStart(position + k) + row * uniforms.yRow;
    y[start] = sum0[k];
    if (row + 1u < uniforms.rows) {
      y[start + uniforms.yRow] = sum1[k];
    }
    if (row + 2u < uniforms.rows) {
      y[start + 2u * uniforms.yRow] = sum2[k];
    }
    if (row + 3u < uniforms.rows) {
      y[start + 3u * uniforms.yRow] = sum3[k];
    }
  }
}

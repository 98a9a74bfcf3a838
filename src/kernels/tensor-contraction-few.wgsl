// One result an invocation: neighbours share the factor's row and read neighbouring positions.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (workgroup.y * workgroups.x + workgroup.x) * 64u + local;
  if (index >= uniforms.rows * uniforms.positions) {
    return;
  }
  let row = index / uniforms.positions;
  let position = index % uniforms.positions;
  let factorRow = factorStart(row);
  let xPosition = xStart(position);
  var sum = 0.0;
  for (var outer = 0u; outer < uniforms.outerTerms; outer++) {
    var f = factorRow + outer * uniforms.factorTermOuter;
    var v = xPosition + outer * uniforms.xTermOuter;
    for (var inner = 0u; inner < uniforms.innerTerms; inner++) {
      sum += factor[f] * x[v];
      f += uniforms.factorTermInner;
      v += uniforms.xTermInner;
    }
  }
  y[yStart(position) + row * uniforms.yRow] = sum;
}

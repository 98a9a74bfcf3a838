// y[band, row, column] = sum over the terms of a band of left[term, row] * right[term, column]. A workgroup makes 64 rows x 64
// columns: it brings a quad of each side and invocation to workgroup memory, and each invocation makes 4 x 4 sums of them.
const DEPTH = 16u;
const QUADS = 16u;

var<workgroup> tileLeft: array<vec4f, DEPTH * QUADS>;
var<workgroup> tileRight: array<vec4f, DEPTH * QUADS>;

fn writeRow(band: u32, row: u32, column: u32, values: vec4f) {
  if (row >= uniforms.rows) {
    return;
  }
  let start = (band * uniforms.rows + row) * uniforms.columns;
  for (var index = 0u; index < 4u; index++) {
    if (column + index < uniforms.columns) {
      y[start + column + index] = values[index];
    }
  }
}

@compute @workgroup_size(DEPTH * QUADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let begin = workgroup.z * uniforms.bandTerms;
  let end = min(begin + uniforms.bandTerms, uniforms.terms);
  let quad = local % QUADS;
  let depth = local / QUADS;
  let leftQuadIndex = min(workgroup.y * QUADS + quad, (uniforms.rows - 1u) / 4u);
  let rightQuadIndex = min(workgroup.x * QUADS + quad, (uniforms.columns - 1u) / 4u);
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var first = begin; first < end; first += DEPTH) {
    let term = first + depth;
    // Zeros past the last term.
    var a = vec4f();
    var b = vec4f();
    if (term < end) {
      a = leftQuad(leftStart(term), leftQuadIndex);
      b = rightQuad(rightStart(term), rightQuadIndex);
    }
    tileLeft[local] = a;
    tileRight[local] = b;
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let l = tileLeft[d * QUADS + depth];
      let r = tileRight[d * QUADS + quad];
      sum0 += l.x * r;
      sum1 += l.y * r;
      sum2 += l.z * r;
      sum3 += l.w * r;
    }
    workgroupBarrier();
  }
  let row = (workgroup.y * QUADS + depth) * 4u;
  let column = (workgroup.x * QUADS + quad) * 4u;
  writeRow(workgroup.z, row, column, sum0);
  writeRow(workgroup.z, row + 1u, column, sum1);
  writeRow(workgroup.z, row + 2u, column, sum2);
  writeRow(workgroup.z, row + 3u, column, sum3);
}

// y[token, columnOffset + output] for few tokens: LANES neighbouring invocations share a row of w, so that
// the row is read in one stretch, and add their parts through workgroup memory.
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> w: array<Lane>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

struct Uniforms {
  tokens: u32,
  lanes: u32,
  outputs: u32,
  columnOffset: u32,
  stride: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

const LANES = 8u;
const ROWS = 8u;
var<workgroup> parts: array<f32, LANES * ROWS>;

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let output = group.x * ROWS + local.y;
  let token = group.y;
  var sum = Lane();
  if (output < uniforms.outputs) {
    let xRow = token * uniforms.lanes;
    let wRow = output * uniforms.lanes;
    for (var lane = local.x; lane < uniforms.lanes; lane += LANES) {
      sum += x[xRow + lane] * w[wRow + lane];
    }
  }
  parts[index] = horizontal(sum);
  workgroupBarrier();
  if (local.x == 0u && output < uniforms.outputs) {
    var total = 0.0;
    for (var part = 0u; part < LANES; part++) {
      total += parts[index + part];
    }
    y[token * uniforms.stride + uniforms.columnOffset + output] = total;
  }
}

// norm = sqrt(sum of squares), scale = min(1, limit / norm); one workgroup.
@group(0) @binding(0) var<storage, read> squares: array<f32>;
@group(0) @binding(1) var<storage, read_write> scale: array<f32>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;

struct Uniforms {
  parts: u32,
  limit: f32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

const THREADS = 64u;
var<workgroup> sums: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var part = local; part < uniforms.parts; part += THREADS) {
    sum += squares[part];
  }
  sums[local] = sum;
  workgroupBarrier();
  if (local == 0u) {
    var total = 0.0;
    for (var thread = 0u; thread < THREADS; thread++) {
      total += sums[thread];
    }
    let root = sqrt(total);
    norm[0] = root;
    scale[0] = select(1.0, uniforms.limit / root, root > uniforms.limit);
  }
}

// norm = sqrt(sum of squares), scale = min(1, limit / norm); one workgroup.

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

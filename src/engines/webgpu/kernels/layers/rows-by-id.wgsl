// y[segment] = sum of the rows x[order[n]], n from starts[segment] up to starts[segment + 1]; an invocation a lane of one segment.
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> order: array<u32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<Lane>;

struct Uniforms {
  segments: u32,
  // Lanes of a row.
  lanes: u32,
}
@group(0) @binding(4) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  let segment = index / uniforms.lanes;
  let lane = index % uniforms.lanes;
  var sum = Lane();
  for (var n = starts[segment]; n < starts[segment + 1u]; n++) {
    sum += x[order[n] * uniforms.lanes + lane];
  }
  y[index] = sum;
}
